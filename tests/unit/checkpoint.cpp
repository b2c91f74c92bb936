// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Files of a run, and the parts of training that a checkpoint has to bring back exactly. Seen to
// break them: bias correction of the square by the decay of the mean, states of even length taken,
// a warm-up that begins at step 0 of its peak, bytes after a checkpoint's end passed over, a
// damaged file that is renamed over the good one.
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <dag/io/atomic_file.hpp>
#include <dag/io/file_lock.hpp>
#include <dag/train/checkpoint.hpp>
#include <dag/train/fingerprint.hpp>
#include <dag/train/optimizer.hpp>
#include <dag/train/schedule.hpp>

namespace {

class Folder {
 public:
  Folder() {
    path_ =
        std::filesystem::temp_directory_path() / ("dag-checkpoint-" + std::to_string(::getpid()));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

template <class Run>
std::string refusal(Run&& run) {
  try {
    run();
  } catch (const dag::Error& error) {
    return error.what();
  }
  return "accepted";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

dag::Checkpoint point(std::int64_t step) {
  return {7, step, {1, 2, 3}, {4, 5, 6}, {0.5}, {}, "beta=0.5\nsteps=10\n"};
}

/// `bytes` with the checksum that fits them behind.
std::string with_checksum(const std::string& bytes) {
  dag::detail::ByteWriter out;
  out.raw(bytes.data(), bytes.size());
  out.word(dag::detail::crc32(out.bytes()));
  return {out.bytes().begin(), out.bytes().end()};
}

}  // namespace

TEST_CASE("Adam by hand: both means are corrected by their own decay") {
  const double m = 0.9, v = 0.5, rate = 0.1;
  dag::Adam adam(m, v, 1e-8);
  std::vector<double> x{1.0};
  double mean = 0, square = 0, want = 1.0;
  for (int t = 1; t <= 5; ++t) {
    const double g = 1.0 / t - 0.3;
    mean = m * mean + (1 - m) * g;
    square = v * square + (1 - v) * g * g;
    want +=
        rate * (mean / (1 - std::pow(m, t))) / (std::sqrt(square / (1 - std::pow(v, t))) + 1e-8);
    const std::vector<double> gradient{g};
    adam.step(x, gradient, rate);
    CHECK(x[0] == doctest::Approx(want).epsilon(1e-14));
  }
}

TEST_CASE("Adam's state comes back whole, and one that cannot be its own is refused") {
  dag::Adam adam;
  std::vector<double> x{1, 2};
  const std::vector<double> gradient{0.5, -0.25};
  adam.step(x, gradient, 0.1);
  const std::vector<double> state = adam.state();
  REQUIRE(state.size() == 5);
  dag::Adam again;
  again.restore(state);
  CHECK(again.state() == state);
  for (const std::vector<double>& wrong :
       {std::vector<double>{}, {1, 2}, {1, 2, 3, 4}, {1, 2, 3, 4, 5, 6}, {-1, 2, 3}}) {
    CAPTURE(wrong.size());
    CHECK(has(refusal([&] { again.restore(wrong); }), "Adam::restore"));
    CHECK(again.state() == state);
  }
  CHECK(has(refusal([&] { dag::Sgd().restore({1}); }), "Sgd::restore"));
}

TEST_CASE("learning rates, step by step") {
  const dag::LearningRate rate{.peak = 2, .warm_up = 4, .total = 12, .final_fraction = 0.1};
  for (int step = 0; step < 4; ++step) {
    CHECK(rate.at(step) == 0.5 * (step + 1));  // the first step already moves
  }
  CHECK(rate.at(4) == doctest::Approx(2).epsilon(1e-15));
  CHECK(rate.at(8) == doctest::Approx(2 * (0.1 + 0.9 * 0.5)).epsilon(1e-15));
  CHECK(rate.at(12) == doctest::Approx(0.2).epsilon(1e-15));
  CHECK(rate.at(1000) == doctest::Approx(0.2).epsilon(1e-15));
  CHECK(dag::LearningRate{.peak = 3}.at(0) == 3);
}

TEST_CASE("a checkpoint comes back; what is not exactly one is refused") {
  const Folder folder;
  const std::string path = folder / "k";
  dag::save_checkpoint(point(3), path);
  CHECK(dag::load_checkpoint(path).checkpoint == point(3));
  const std::string bytes = bytes_of(path);
  const std::string body = bytes.substr(0, bytes.size() - 8);
  CHECK(with_checksum(body) == bytes);
  for (std::size_t k = 0; k < bytes.size(); ++k) {
    std::string flipped = bytes;
    flipped[k] = static_cast<char>(flipped[k] ^ 4);
    put(path, flipped);
    CHECK_THROWS_AS((void)dag::load_checkpoint(path), dag::Error);
    put(path, bytes.substr(0, k));
    CHECK_THROWS_AS((void)dag::load_checkpoint(path), dag::Error);
  }
  // Bytes behind the end, under a checksum that fits them.
  put(path, with_checksum(body + std::string(8, '\0')));
  CHECK(has(refusal([&] { (void)dag::load_checkpoint(path); }), "bytes after its end"));
  // A count beyond the file, under a checksum that fits: no memory is asked for.
  std::string greedy = body;
  greedy[8 + 16 + 6] = 0x7F;
  put(path, with_checksum(greedy));
  CHECK(has(refusal([&] { (void)dag::load_checkpoint(path); }), "claims"));
  // Nor of one beyond the numbers that are left, though not beyond their bytes.
  greedy = body;
  greedy[8 + 16] = 40;
  REQUIRE(body.size() > 8 + 16 + 8 + 40);
  put(path, with_checksum(greedy));
  CHECK(has(refusal([&] { (void)dag::load_checkpoint(path); }), "claims 40 numbers"));
  // Version 1 had neither fingerprint nor watch.
  std::string old = body.substr(0, body.size() - 16 - point(3).fingerprint.size());
  old[7] = 1;
  put(path, with_checksum(old));
  dag::Checkpoint want = point(3);
  want.fingerprint.clear();
  CHECK(dag::load_checkpoint(path).checkpoint == want);
  old[7] = 4;
  put(path, with_checksum(old));
  CHECK(has(refusal([&] { (void)dag::load_checkpoint(path); }), "no checkpoint of this version"));
}

TEST_CASE("a damaged file never takes the place of a good one") {
  const Folder folder;
  const std::string path = folder / "k";
  dag::save_checkpoint(point(1), path);
  dag::save_checkpoint(point(2), path);
  CHECK(dag::load_checkpoint(path + ".previous").checkpoint == point(1));
  for (const std::string& damage : {std::string(), std::string("dagckpt"), bytes_of(path) + "x"}) {
    put(path, damage);
    const dag::LoadedCheckpoint loaded = dag::load_checkpoint(path);
    CHECK(loaded.checkpoint == point(1));
    CHECK(loaded.path == path + ".previous");
    CHECK(has(loaded.refused, "'" + path + "'"));
    dag::save_checkpoint(point(3), path);
    CHECK(dag::load_checkpoint(path).checkpoint == point(3));
    CHECK(dag::load_checkpoint(path + ".previous").checkpoint == point(1));
  }
}

TEST_CASE("fingerprints name the fields that differ") {
  CHECK(dag::fingerprint_difference("beta=0.5\nsteps=10\n", "beta=0.5\nsteps=10\n").empty());
  CHECK(dag::fingerprint_difference("", "beta=0.5\n").empty());
  CHECK(dag::fingerprint_difference("beta=0.5\nsteps=10\n", "beta=0.1\nsteps=10\n") ==
        "beta: 0.5 there, 0.1 here");
  CHECK(dag::fingerprint_difference("a=1\n", "b=2\n") ==
        "a: 1 there, (none) here; b: (none) there, 2 here");
  dag::TrainOptions options;
  const std::string base = dag::fingerprint_of(options, 1, 2);
  options.checkpoint_every = 3;
  options.evaluate_every = 4;
  options.checkpoint = "x";
  CHECK(dag::fingerprint_of(options, 1, 2) == base);
  options.policy_loss.epsilon_low = 0.3;
  CHECK(has(dag::fingerprint_difference(base, dag::fingerprint_of(options, 1, 2)), "epsilon_low"));
  options.policy_loss = {.surrogate = dag::Surrogate::dro, .dro_beta = 0.5, .count_empty = false};
  const std::string dro = dag::fingerprint_of(options, 1, 2);
  CHECK(has(dag::fingerprint_difference(base, dro), "surrogate"));
  options.policy_loss.dro_beta = 0.25;
  CHECK(dag::fingerprint_difference(dro, dag::fingerprint_of(options, 1, 2)) ==
        "dro_beta: 0.5 there, 0.25 here");
  options.policy_loss.dro_beta = 0.5;
  options.policy_loss.count_empty = true;
  CHECK(has(dag::fingerprint_difference(dro, dag::fingerprint_of(options, 1, 2)), "count_empty"));
}

TEST_CASE("one holder a lock, and none after it") {
  const Folder folder;
  const std::string path = folder / "m";
  {
    const dag::FileLock lock(path);
    CHECK(has(refusal([&] { const dag::FileLock second(path); }), "another run writes"));
  }
  CHECK_FALSE(std::filesystem::exists(path + ".lock"));
  put(path + ".lock", "");  // left by a kill
  const dag::FileLock again(path);
}

TEST_CASE("leftovers of dead writers go, those of the living stay") {
  const Folder folder;
  const std::string path = folder / "f";
  put(path + ".tmp.1.0", "dead");
  put(path + ".tmp.notes", "not ours");
  {
    dag::AtomicFile living(path);
    living.write("new");
    dag::AtomicFile::remove_leftovers(path);
    CHECK_FALSE(std::filesystem::exists(path + ".tmp.1.0"));
    CHECK(std::filesystem::exists(path + ".tmp.notes"));
    living.commit();
  }
  CHECK(bytes_of(path) == "new");
}
