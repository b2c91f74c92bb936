// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/io/rollout_file.hpp>
#include <dag/text/extractor.hpp>

#include <doctest/doctest.h>
#include <support/failing_memory.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path =
      fs::temp_directory_path() / ("dag_rollouts_" + std::to_string(static_cast<long>(::getpid())));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  [[nodiscard]] std::string write(const std::string& content) const {
    const auto name = (path / "in.jsonl").string();
    fs::remove(name);  // some file systems flush a file that is truncated: slow
    std::ofstream(name, std::ios::binary) << content;
    return name;
  }
};

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// The message of the error that reading the file ends with; empty if it is read.
std::string fault(const std::string& path, const dag::RolloutFileOptions& options = {}) {
  try {
    (void)dag::read_rollouts(path, options);
  } catch (const dag::Error& error) {
    CHECK(error.code() == dag::Errc::parse);
    CHECK(std::string(error.what()).find(path + ":") == 0);
    return error.what() + path.size();
  }
  return {};
}

std::string line(const std::string& samples) {
  return R"({"question_id":"q","context_id":"c","prompt":null,"gold":"1","samples":)" + samples +
         "}\n";
}

const std::string good = line(R"([{"text":"t","answer":"1"},{"text":null,"answer":null}])");

}  // namespace

TEST_CASE(
    "an allocation that fails, whichever: an error, never a file that reads as a shorter one") {
  const Folder folder;
  std::string text;
  for (int k = 0; k < 3; ++k) {
    text += line(
        R"([{"text":"the answer is \\boxed{12}, a text too long to be kept in place","answer":null},)"
        R"({"text":"#### 1/2","answer":"0.5"},{"text":"no answer, no answer, no answer","answer":null}])");
  }
  const auto path = folder.write(text);
  const dag::Extractor boxed("boxed,hash");
  const auto all = [&] {
    const dag::AnswerGroups groups = dag::read_rollouts(path);
    std::vector<std::string> found{boxed(text).answer};
    for (std::size_t g = 0; g < groups.groups(); ++g) {
      for (const std::int32_t id : groups.group(g)) {
        found.emplace_back(id < 0 ? "none" : groups.answer_text(0, id));
      }
    }
    return found;
  };
  CHECK(failing_memory::every_allocation(all, [] { return true; }) > 50);
}

TEST_CASE(
    "a rollout file becomes groups; null answers, verdicts and other fields keep their meaning") {
  const Folder folder;
  const auto path = folder.write(
      line(
          R"([{"answer":"1.0","text":null,"correct":false,"logprob":-1,"x":{"answer":[1,{"y":"}"}]}},)"
          R"({"text":"a\nb\u0000\ud83d\ude00","answer":null},{"text":"t","answer":"1"}])") +
      "{\"samples\":[{\"text\":null,\"answer\":\"\xE2\x80\xA8z\"}] , \"gold\" : null, "
      "\"prompt\":\"p\", \"extra\":[[{\"samples\":1}]], "
      "\"context_id\":\"d\",\"question_id\":\"q\"}\r\n" +
      good.substr(0, good.size() - 1));
  const auto groups = dag::read_rollouts(path);
  CHECK(groups.groups() == 3);
  CHECK(groups.answer == std::vector<std::int32_t>{0, -1, 0, 1, 0, -1});
  CHECK(groups.right == std::vector<std::int8_t>{0, 0, 1, -1, 1, 0});
  dag::RolloutReader reader(path);
  dag::RolloutGroup group;
  CHECK(reader.next(group));
  CHECK(group.samples[0].logprob == -1.0);
  CHECK(group.samples[1].text == std::string("a\nb\0\xF0\x9F\x98\x80", 8));
  CHECK(group.prompt == std::nullopt);
  CHECK(reader.next(group));
  CHECK(group.prompt == "p");
  CHECK(group.samples[0].logprob == std::nullopt);
  CHECK(reader.next(group));
  CHECK_FALSE(reader.next(group));
  CHECK(reader.report().good == 3);
}

TEST_CASE("every fault names its line and says what is wrong") {
  const Folder folder;
  const auto message = [&](const std::string& text) { return fault(folder.write(good + text)); };
  const auto says = [](const std::string& text, const std::string& part) {
    CAPTURE(text);
    return text.find(":2: ") == 0 && text.find(part) != std::string::npos;
  };
  CHECK(message("") == "");
  CHECK(message("\n") == "");  // an empty line is passed over
  CHECK(message("  \n" + good) == "");
  CHECK(message("\xEF\xBB\xBF" + good).find(":2: ") == 0);  // inside a file it is no white space
  CHECK(says(message("[1]\n"), "must be an object"));
  CHECK(says(message("7\n"), "must be an object"));
  CHECK(says(message(line("[]")), "\"samples\" is empty"));
  CHECK(says(message(line("3")), "\"samples\" must be an array, got a number"));
  CHECK(says(message(line("{}")), "\"samples\" must be an array, got an object"));
  CHECK(says(message(line("[1]")), "\"samples[0]\" must be an object, got a number"));
  CHECK(says(message(line("[[]]")), "\"samples[0]\" must be an object, got an array"));
  CHECK(says(message(line(R"([{"answer":"1","text":null},{"text":"1"}])")),
             "\"samples[1].answer\" is missing"));
  CHECK(says(message(line(R"([{"answer":{"a":1},"text":null}])")),
             "\"samples[0].answer\" must be a string or null, got an object"));
  CHECK(says(message(line(R"([{"answer":"1","text":null,"correct":2}])")),
             "\"samples[0].correct\" must be true, false, 1, 0 or null, got a number"));
  CHECK(says(message(line(R"([{"answer":"1","text":null,"logprob":"x"}])")),
             "\"samples[0].logprob\" must be a number, a list of numbers or null, got a string"));
  CHECK(says(message(line(R"([{"answer":"1","answer":"2","text":null}])")), "given twice"));
  CHECK(says(message(R"({"question_id":"q"})"), "\"samples\" is missing"));
  CHECK(says(message(R"({"question_id":null})"),
             "\"question_id\" must be a string or a number, got null"));
  CHECK(says(message(R"({"question_id":"q","question_id":"q"})"), "given twice"));
  CHECK(says(message("{\"question_id\":\"\xFF\"}"), "near '{\"question_id\":\"\\xFF\"}'"));
  CHECK(says(message("{\"question_id\":NaN}"), "column 16"));
  CHECK(fault(folder.write(good), {.max_line_bytes = 50}).find("longer than 50") !=
        std::string::npos);
  CHECK(says(message(std::string(70, '[') + "\n"), "more than 64"));
  CHECK_THROWS_AS(static_cast<void>(dag::read_rollouts("/no/such/file")), dag::Error);
  CHECK_THROWS_AS(static_cast<void>(dag::read_rollouts("/")), dag::Error);
}

TEST_CASE(
    "what people write in the place of strings, verdicts and numbers is read as it is meant") {
  const Folder folder;
  const auto path = folder.write(
      R"({"question_id":17,"gold":[3,"three"],"samples":[{"answer":3,"correct":1},)"
      R"({"answer":3.50,"correct":null,"logprob":null},{"answer":["A","C"],"correct":0.0,)"
      R"("logprob":[-1,-0.5,null]},{"answer":true,"text":[{"role":"user","content":"u"},)"
      R"({"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]},)"
      R"({"answer":12345678901234567890123,"text":"\ud800x","reward":1}]})");
  dag::RolloutReader reader(path);
  dag::RolloutGroup group;
  REQUIRE(reader.next(group));
  CHECK(group.question_id == "17");
  CHECK(group.context_id.empty());
  CHECK(group.gold == std::vector<std::string>{"3", "three"});
  CHECK(group.samples[0].answer == "3");
  CHECK(group.samples[0].correct == true);
  CHECK(group.samples[1].answer == "3.50");  // as it is spelled
  CHECK(group.samples[1].correct == std::nullopt);
  CHECK(group.samples[2].answer == "A, C");
  CHECK(group.samples[2].correct == false);
  CHECK(group.samples[2].logprob == -1.5);
  CHECK(group.samples[3].answer == "true");
  CHECK(group.samples[3].text == "ab");
  CHECK(group.samples[4].answer == "12345678901234567890123");
  CHECK(group.samples[4].text == "\xEF\xBF\xBDx");
  CHECK(group.samples[4].reward == 1.0);
}

TEST_CASE("rewards are spliced in; every other byte stays") {
  const Folder folder;
  const auto path =
      folder.write(line(R"([ {"text":"a}\"","answer":"1", "big": 123456789012345678901234567890} ,)"
                        R"({"rew\u0061rd":{"x":[1]},"text":null,"answer":null,"advantage": 7}])") +
                   good.substr(0, good.size() - 1));
  dag::RolloutFile file(path, {.strict = true, .keep_for = path});
  const double none = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> reward{0.1, none, -1e-300, 3};
  const std::vector<double> advantage{1, 0, 2.5, -0.0};
  file.write(path, reward, advantage);
  CHECK(
      content(path) ==
      line(
          R"([ {"text":"a}\"","answer":"1", "big": 123456789012345678901234567890, "reward": 0.1, )"
          R"("advantage": 1} ,{"rew\u0061rd":null,"text":null,"answer":null,"advantage": 0}])") +
          line(R"([{"text":"t","answer":"1", "reward": -1e-300, "advantage": 2.5},)"
               R"({"text":null,"answer":null, "reward": 3, "advantage": -0}])"));
  // Idempotent: what was written is replaced, not repeated.
  const auto once = content(path);
  dag::RolloutFile(path, {.strict = true, .keep_for = path}).write(path, reward, advantage);
  CHECK(content(path) == once);
  const auto other = (folder.path / "out.jsonl").string();
  CHECK_THROWS_AS(file.write(other, {}, advantage), dag::Error);
  CHECK_THROWS_AS(dag::RolloutFile(path, {}).write(other, reward, advantage), dag::Error);
  CHECK_FALSE(fs::exists(other));
}

TEST_CASE("answers are read from texts where there are none, counted, and written") {
  const Folder folder;
  const auto path = folder.write(
      line(R"([{"text":"so \\boxed{1/2}","answer":null},{"text":"the answer is 0.50"},)"
           R"({"text":null,"answer":null},{"text":"\\boxed{","answer":null},)"
           R"({"text":"\\boxed{9}","answer":"7"}])"));
  CHECK_THROWS_AS(static_cast<void>(dag::read_rollouts(path)), dag::Error);  // no "answer"
  const dag::Extractor extractor("boxed,answer-is");
  const auto out = (folder.path / "out.jsonl").string();
  dag::RolloutFile file(path, {.extract = extractor, .keep_for = out});
  const auto& groups = file.groups;
  const auto& report = file.extraction;
  CHECK(groups.answer == std::vector<std::int32_t>{0, 0, -1, -1, 1});
  CHECK(groups.answer_text(0, 0) == "0.5");
  CHECK(report.texts() == 4);
  CHECK(report.count(dag::ExtractOutcome::found) == 2);
  CHECK(report.count(dag::ExtractOutcome::no_text) == 1);
  CHECK(report.count(dag::ExtractOutcome::unclosed) == 1);
  const std::vector<double> zero(5, 0.0);
  file.write(out, zero, zero);
  CHECK(content(out) ==
        line(R"([{"text":"so \\boxed{1/2}","answer":"1/2", "reward": 0, "advantage": 0},)"
             R"({"text":"the answer is 0.50", "answer": "0.50", "reward": 0, "advantage": 0},)"
             R"({"text":null,"answer":null, "reward": 0, "advantage": 0},)"
             R"({"text":"\\boxed{","answer":null, "reward": 0, "advantage": 0},)"
             R"({"text":"\\boxed{9}","answer":"7", "reward": 0, "advantage": 0}])"));
}

TEST_CASE("malformed files are refused, or mean what is documented") {
  const std::string folder = DAG_SHARED_DATA "/malformed/";
  std::ifstream manifest(folder + "manifest.csv");
  if (!manifest) {
    MESSAGE("skipped: no ", folder);
    return;
  }
  int seen = 0;
  for (std::string row; std::getline(manifest, row);) {
    if (row.rfind("jsonl/", 0) != 0) {
      continue;
    }
    ++seen;
    const std::string name = row.substr(0, row.find(','));
    CAPTURE(name);
    const std::string message = fault(folder + name);
    if (row.find(",reject,") != std::string::npos) {
      CHECK(message != "");
    }
    if (name == "jsonl/12_all_answers_null.jsonl") {
      const auto report = dag::describe(dag::read_rollouts(folder + name));
      CHECK(report.unanswered_groups == 1);
      CHECK(report.missing_answers == 2);
    }
    if (name == "jsonl/24_duplicate_group.jsonl") {
      CHECK(dag::describe(dag::read_rollouts(folder + name)).duplicate_groups == 1);
    }
    if (name == "jsonl/01_empty.jsonl") {
      CHECK(dag::read_rollouts(folder + name).groups() == 0);
    }
  }
  CHECK(seen > 0);
}

TEST_CASE("damaged lines are read or refused, never more; what is read can be written") {
  const Folder folder;
  const std::string seed = line(
      R"([{"text":"t\u00e9","answer":"1/2","correct":true},{"text":null,"answer":null,"z":[{}]}])");
  const std::string noise = "{}[]\",:\\ \n\r\t0-1.eEntu\xC3\xA9\xFF\x01";
  dag::RandomStream stream(77, 0);
  int read = 0;
  int refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text = seed + seed;
    for (auto edits = 1 + stream.below(3); edits > 0; --edits) {
      const auto place = stream.below(text.size());
      const auto kind = stream.below(4);
      if (kind == 0) {
        text.erase(place, 1 + stream.below(6));
      } else if (kind == 1) {
        text.insert(place, 1, noise[stream.below(noise.size())]);
      } else if (kind == 2) {
        text[place] = noise[stream.below(noise.size())];
      } else {
        text.insert(place, text.substr(stream.below(text.size()), stream.below(40)));
      }
    }
    const auto path = folder.write(text);
    if (!fault(path).empty()) {
      ++refused;
      continue;
    }
    if (++read > 40) {
      continue;  // each written file waits for the disk
    }
    const auto out = (folder.path / "out.jsonl").string();
    dag::RolloutFile file(path, {.strict = true, .keep_for = out});
    const std::vector<double> numbers(file.groups.samples(), 0.25);
    file.write(out, numbers, numbers);
    REQUIRE(dag::read_rollouts(out).answer == file.groups.answer);
    dag::JsonlReader reader(out);
    while (reader.next()) {
      const auto value = reader.parse();
      for (const auto& sample : value["samples"]) {
        REQUIRE(sample["reward"] == 0.25);
        REQUIRE(sample["advantage"] == 0.25);
      }
    }
  }
  CHECK(read > 100);
  CHECK(refused > 100);
}
