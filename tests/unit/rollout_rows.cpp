// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/io/rollout_file.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path =
      fs::temp_directory_path() / ("dag_rows_" + std::to_string(static_cast<long>(::getpid())));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  [[nodiscard]] std::string name(const char* file) const { return (path / file).string(); }
  [[nodiscard]] std::string write(const std::string& content) const {
    std::ofstream(name("in.jsonl"), std::ios::binary) << content;
    return name("in.jsonl");
  }
};

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

dag::RolloutFileOptions as(const char* format) {
  dag::RolloutFileOptions options;
  options.format = dag::row_format(format);
  options.extract = dag::Extractor("boxed,answer-is,number");
  return options;
}

using Ids = std::vector<std::int32_t>;
using Verdicts = std::vector<std::int8_t>;

}  // namespace

TEST_CASE("the lines of trainers and servers become groups") {
  const Folder folder;
  SUBCASE("trl") {
    const dag::RolloutFile file(
        folder.write(
            R"({"step":1,"prompt":"p","completion":"\\boxed{1}","reward":1.0,"solution":"1"}
{"step":1,"prompt":"q","completion":[{"role":"assistant","content":"\\boxed{3}"}],"reward":0,"solution":"4"}
{"step":1,"prompt":"p","completion":"\\boxed{2}","reward":0.5,"solution":"1"}
)"),
        as("trl"));
    CHECK(file.groups.groups() == 2);
    CHECK(file.groups.answer == Ids{0, 1, 0});
    CHECK(file.groups.right == Verdicts{1, 0, 0});
    CHECK(file.own_reward == std::vector<double>{1.0, 0.5, 0});
    CHECK(file.groups.questions[0] == "p");
  }
  SUBCASE("verl") {
    const dag::RolloutFile file(
        folder.write(R"({"input":"p","output":"#### 1\n\\boxed{1}","gts":"1","score":1.0,"step":1}
{"input":"p","output":"\\boxed{2}","gts":"1","score":0.0,"step":1}
)"),
        as("verl"));
    CHECK(file.groups.groups() == 1);
    CHECK(file.groups.right == Verdicts{1, 0});
    CHECK(file.own_reward == std::vector<double>{1, 0});
  }
  SUBCASE("openrlhf") {
    const dag::RolloutFile file(
        folder.write(R"({"input":"p","output":"The answer is 5.","label":5,"reward":0.25})"),
        as("openrlhf"));
    CHECK(file.groups.right == Verdicts{1});
    CHECK(file.own_reward == std::vector<double>{0.25});
  }
  SUBCASE("lm-eval: the samples are bare strings") {
    auto options = as("lm-eval");
    options.keep_for = folder.name("out.jsonl");
    dag::RolloutFile file(
        folder.write(
            R"({"doc_id":7,"target":"#### 8","resps":[["it is 8","it is 9"]],"arguments":[["p",{}]]})"),
        options);
    CHECK(file.groups.right == Verdicts{1, 0});
    CHECK(file.groups.questions[0] == "7");
    const std::vector<double> numbers{1, -1};
    file.write(folder.name("out.jsonl"), numbers, numbers);
    CHECK(
        content(folder.name("out.jsonl")) ==
        R"({"doc_id":7,"target":"#### 8","resps":[["it is 8","it is 9"]],"arguments":[["p",{}]], )"
        R"("reward": [1, -1], "advantage": [1, -1]})"
        "\n");
  }
  SUBCASE("vllm and openai") {
    const dag::RolloutFile file(
        folder.write(
            R"({"request_id":"r","prompt":"p","outputs":[{"text":"\\boxed{1}","cumulative_logprob":-2},{"text":"x"}]})"),
        as("vllm"));
    CHECK(file.groups.answer == Ids{0, -1});
    const dag::RolloutFile other(
        folder.write(
            R"({"custom_id":"c","response":{"body":{"choices":[{"message":{"content":"\\boxed{1}"}},{"message":{"content":null}}]}}})"),
        as("openai"));
    CHECK(other.groups.answer == Ids{0, -1});
    CHECK(other.extraction.count(dag::ExtractOutcome::no_text) == 1);
  }
  CHECK_THROWS_AS((void)dag::row_format("csv"), dag::Error);
}

TEST_CASE(
    "lines that agree in a field are one group, wherever they stand, and are written in place") {
  const Folder folder;
  dag::RolloutFileOptions options;
  options.format.group_by = {"meta.id"};
  options.format.context = {"model"};
  options.format.flat = options.format.gather = true;
  options.keep_for = folder.name("out.jsonl");
  const auto path = folder.write(
      R"({"meta":{"id":1},"model":"a","answer":"5","gold":"5"}
{"meta":{"id":2},"model":"a","answer":"6","gold":"5","reward":0.5}
{"meta":{"id":1},"model":"b","answer":"7","gold":"5"}
{"meta":{"id":1},"model":"a","answer":8,"gold":"5"}
)");
  dag::RolloutFile file(path, options);
  CHECK(file.groups.groups() == 3);
  CHECK(file.groups.questions.size() == 2);
  CHECK(file.groups.begin == std::vector<std::int64_t>{0, 2, 3, 4});
  CHECK(file.groups.right == Verdicts{1, 0, 0, 0});
  CHECK(file.own_reward[2] == 0.5);
  CHECK(std::isnan(file.own_reward[0]));
  const std::vector<double> reward{1, 4, 2, 3};  // in the order of the groups
  file.write(folder.name("out.jsonl"), reward, reward, true);
  CHECK(content(folder.name("out.jsonl")) ==
        R"({"meta":{"id":1},"model":"a","answer":"5","gold":"5", "reward": 1, "advantage": 1}
{"meta":{"id":2},"model":"a","answer":"6","gold":"5","reward":2, "own_reward": 0.5, "advantage": 2}
{"meta":{"id":1},"model":"b","answer":"7","gold":"5", "reward": 3, "advantage": 3}
{"meta":{"id":1},"model":"a","answer":8,"gold":"5", "reward": 4, "advantage": 4}
)");
}

TEST_CASE("names of questions and contexts may hold any byte: pairs of them stay apart") {
  const Folder folder;
  dag::RolloutFileOptions options = as("trl");
  options.format.group_by = {"q"};
  options.format.context = {"c"};
  const dag::RolloutFile file(folder.write(R"({"q":"a\u0000b","c":"c","completion":"\\boxed{1}"}
{"q":"a","c":"b\u0000c","completion":"\\boxed{2}"}
{"q":"1:a","c":"b","completion":"\\boxed{2}"}
)"),
                              options);
  CHECK(file.groups.groups() == 3);
  CHECK(file.groups.questions.size() == 3);
  options.format.group_by = {"a", "b"};
  options.format.context = {"c", "d"};
  const dag::RolloutFile joined(folder.write(R"({"a":"x | y","b":"z","completion":"\\boxed{1}"}
{"a":"x","b":"y | z","completion":"\\boxed{2}"}
{"a":"x","b":"y \\| z","completion":"\\boxed{2}"}
{"a":"x","b":"y","c":"m","completion":"\\boxed{2}"}
{"a":"x","b":"y","d":"m","completion":"\\boxed{2}"}
)"),
                                options);
  CHECK(joined.groups.questions.size() == 4);
  CHECK(joined.groups.groups() == 5);
  CHECK(joined.groups.questions[0] == R"(x \| y | z)");
}

TEST_CASE("a number beyond doubles is refused as that") {
  const Folder folder;
  dag::RolloutFileOptions options;
  options.strict = true;
  const std::string in = folder.write(
      R"({"question_id":"q","context_id":"c","prompt":null,"gold":"1","samples":[{"text":null,"answer":"1","reward":1e999}]}
)");
  CHECK_THROWS_WITH_AS(dag::RolloutFile(in, options),
                       doctest::Contains("is beyond the range of doubles"), dag::Error);
}

TEST_CASE("bad lines are counted and named, or refused") {
  const Folder folder;
  const std::string good = R"({"question_id":"q","samples":[{"answer":"1"}]})"
                           "\n";
  const auto path = folder.write("\xEF\xBB\xBF" + good + "\n{\"samples\":\n" + good + good);
  dag::RolloutFile file(path, {});
  CHECK(file.lines.good == 3);
  CHECK(file.lines.bad == 1);
  REQUIRE(file.lines.faults.size() == 1);
  CHECK(file.lines.faults[0].find("in.jsonl:3: ") != std::string::npos);
  CHECK(file.groups.groups() == 3);
  CHECK_THROWS_WITH_AS(dag::RolloutFile(path, {.strict = true}), doctest::Contains("in.jsonl:3: "),
                       dag::Error);
  CHECK_THROWS_WITH_AS(dag::RolloutFile(folder.write(good + "x\n"), {}),
                       doctest::Contains("1 of 2 lines are bad"), dag::Error);
  dag::RolloutFileOptions narrow;
  narrow.max_line_bytes = 60;
  const auto wide = folder.write(good + std::string(100, ' ') + "1\n" + good);
  CHECK(dag::RolloutFile(wide, narrow).lines.bad == 1);
}

TEST_CASE("many lines: what is kept for writing moves to a nameless file") {
  const Folder folder;
  std::string text;
  std::vector<double> reward;
  for (int i = 0; i < 3000; ++i) {
    text += R"({"question_id":")" + std::to_string(i % 100) + R"(","text":"\\boxed{)" +
            std::to_string(i) + "}" + std::string(8000, 'x') + "\"}\n";
    reward.push_back(i);
  }
  dag::RolloutFileOptions options;
  options.format.flat = options.format.gather = true;
  options.extract = dag::Extractor("boxed");
  options.keep_for = folder.name("out.jsonl");
  dag::RolloutFile file(folder.write(text), options);
  CHECK(file.groups.groups() == 100);
  file.write(folder.name("out.jsonl"), reward, reward);
  std::ifstream out(folder.name("out.jsonl"));
  std::size_t lines = 0;
  for (std::string line; std::getline(out, line); ++lines) {
    const std::string wanted = ", \"answer\": \"" + std::to_string(lines) + "\", \"reward\": " +
                               std::to_string(30 * (lines % 100) + lines / 100) + ", ";
    REQUIRE(line.find(wanted) != std::string::npos);
  }
  CHECK(lines == 3000);
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 2);
}

TEST_CASE("golds: worked, with aliases, in LaTeX; what reading came to is counted") {
  const Folder folder;
  dag::RolloutFileOptions options;
  options.extract = dag::Extractor("boxed,hash");
  const dag::RolloutFile file(
      folder.write(
          R"({"question_id":"1","gold":"\\frac{1}{2}","samples":[{"text":"\\boxed{\\frac12}"},{"text":"\\boxed{0.5}"},{"text":"\\boxed{5}"},{"text":"\\boxed{"}]}
{"question_id":"2","gold":"so\n#### 18","samples":[{"text":"#### 18"},{"text":"#### 19"}]}
{"question_id":"3","gold":["7","seven"],"samples":[{"answer":"seven","text":null},{"answer":7}]}
)"),
      options);
  CHECK(file.groups.right == Verdicts{1, 1, 0, 0, 1, 0, 1, 1});
  CHECK(file.audit.golds == 3);
  CHECK(file.audit.answers >= 7);
  CHECK(file.audit.merged >= 1);
  CHECK(file.extraction.count(dag::ExtractOutcome::unclosed) == 1);
}

TEST_CASE("empty answers of a file agree with nothing and match no gold, unless bytes count") {
  const Folder folder;
  const std::string in = folder.write(
      R"({"question_id":"q","context_id":"c","prompt":null,"gold":"\\text{}","samples":[{"text":null,"answer":""},{"text":null,"answer":"\\text{}"},{"text":null,"answer":"7"},{"text":null,"answer":""}]}
)");
  dag::RolloutFileOptions options;
  const dag::RolloutFile file(in, options);
  CHECK(file.groups.answer == Ids{-1, -1, 0, -1});
  CHECK(file.groups.right == Verdicts{0, 0, 0, 0});
  options.reading.exact = true;
  const dag::RolloutFile bytes(in, options);
  CHECK(bytes.groups.answer == Ids{0, 1, 2, 0});
}
