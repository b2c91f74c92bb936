// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/io/atomic_file.hpp>
#include <dag/io/file_lock.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() /
                  ("dag_atomic_file_" + std::to_string(static_cast<long>(::getpid())));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  [[nodiscard]] std::string file(const char* name) const { return (path / name).string(); }
  [[nodiscard]] int entries() const {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(path)) {
      count += entry.exists() || entry.is_symlink() ? 1 : 0;
    }
    return count;
  }
};

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

dag::Errc code_of(const std::string& path) {
  try {
    dag::AtomicFile file(path);
  } catch (const dag::Error& error) {
    CHECK(std::string(error.what()).find(path) != std::string::npos);
    return error.code();
  }
  return dag::Errc::unsupported;
}

}  // namespace

TEST_CASE("a committed file holds exactly the bytes written, small and large") {
  const Folder folder;
  const std::string large(200000, 'x');
  {
    dag::AtomicFile file(folder.file("out"));
    file.write("head\n");
    file.write(large);
    file.write(std::string_view("\0tail", 5));
    CHECK_FALSE(fs::exists(folder.file("out")));
    file.commit();
    CHECK_THROWS_AS(file.write("more"), dag::Error);
    CHECK_THROWS_AS(file.commit(), dag::Error);
  }
  CHECK(content(folder.file("out")) == "head\n" + large + std::string("\0tail", 5));
  CHECK(folder.entries() == 1);
}

TEST_CASE("without a commit the old content stays and nothing is left behind") {
  const Folder folder;
  dag::write_file_atomically(folder.file("out"), "old");
  try {
    dag::AtomicFile file(folder.file("out"));
    file.write(std::string(100000, 'n'));
    CHECK(folder.entries() == 2);
    throw 1;
  } catch (int) {
  }
  CHECK(content(folder.file("out")) == "old");
  CHECK(folder.entries() == 1);
}

#if !defined( \
    _WIN32)  // has no such permissions, no device of that name, and links for administrators
TEST_CASE("permissions are kept and links are followed") {
  const Folder folder;
  dag::write_file_atomically(folder.file("real"), "old");
  fs::permissions(folder.file("real"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink(folder.file("real"), folder.file("link"));
  dag::write_file_atomically(folder.file("link"), "new");
  CHECK(fs::is_symlink(folder.file("link")));
  CHECK(content(folder.file("real")) == "new");
  CHECK(fs::status(folder.file("real")).permissions() ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(folder.entries() == 2);
}
#endif

TEST_CASE("what cannot be written is an i/o error that names the file") {
  const Folder folder;
  CHECK(code_of(folder.file("no/such/folder")) == dag::Errc::io);
  CHECK(code_of(folder.path.string()) == dag::Errc::io);
  CHECK_THROWS_AS(dag::AtomicFile(""), dag::Error);
#if !defined(_WIN32)
  dag::write_file_atomically("/dev/null", "a device is written, not replaced");
  CHECK(fs::is_character_file("/dev/null"));
#endif
}

TEST_CASE("who removes leftovers never takes the file of a writer that is alive") {
  const Folder folder;
  const std::string path = folder.file("out");
  std::atomic<bool> done{false};
  std::thread remover([&] {
    while (!done) {
      dag::AtomicFile::remove_leftovers(path);
    }
  });
  int lost = 0;
  for (int k = 0; k < 200; ++k) {
    try {
      dag::write_file_atomically(path, std::to_string(k));
      lost += content(path) == std::to_string(k) ? 0 : 1;
    } catch (const dag::Error&) {
      ++lost;
    }
  }
  done = true;
  remover.join();
  CHECK(lost == 0);
  CHECK(folder.entries() == 1);
}

TEST_CASE("leftovers of a killed writer go, other files stay") {
  const Folder folder;
  for (const char* name : {"out.tmp.12.0", "out.tmp.13.1", "out.tmp.x", "other.tmp.12.0"}) {
    std::ofstream(folder.file(name)) << "left";
    const auto before = fs::last_write_time(folder.file(name)) - std::chrono::hours(1);
    fs::last_write_time(folder.file(name), before);
  }
  dag::AtomicFile::remove_leftovers(folder.file("out"));
  CHECK_FALSE(fs::exists(folder.file("out.tmp.12.0")));
  CHECK_FALSE(fs::exists(folder.file("out.tmp.13.1")));
  CHECK(folder.entries() == 2);
}

TEST_CASE("a lock has one holder and leaves no file") {
  const Folder folder;
  for (int again = 0; again < 2; ++again) {
    const dag::FileLock held(folder.file("log"));
    CHECK_THROWS_AS(dag::FileLock(folder.file("log")), dag::Error);
    dag::write_file_atomically(folder.file("log"), "beside the lock");
  }
  CHECK(folder.entries() == 1);
}
