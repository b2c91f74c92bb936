// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "plot.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/text_file.hpp>

namespace cli {
namespace {

/// A file of our own in the folder for temporary files, removed at the end.
class TemporaryFile {
 public:
  TemporaryFile() {
    const char* folder = std::getenv("TMPDIR");
    name_ = std::string(folder != nullptr && *folder != '\0' ? folder : "/tmp") + "/dag-XXXXXX";
    const int descriptor = ::mkstemp(name_.data());
    dag::require(descriptor >= 0, dag::Errc::io, name_, ": cannot create: ", std::strerror(errno));
    ::close(descriptor);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { ::unlink(name_.c_str()); }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string shell_word() const {
    std::string word = "'";
    for (const char c : name_) {
      word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return word + "'";
  }

 private:
  std::string name_;
};

}  // namespace

PlotFormat plot_format(const std::string& path, const std::string& option) {
  const auto dot = path.rfind('.');
  const std::string extension = dot == std::string::npos ? "" : path.substr(dot);
  if (extension == ".svg") {
    return PlotFormat::svg;
  }
  dag::require(extension == ".png", dag::Errc::invalid_argument, option, " ", path,
               ": the name must end in .svg or .png");
  return PlotFormat::png;
}

bool have_gnuplot() {
  static const bool found = std::system("gnuplot --version >/dev/null 2>&1") == 0;
  return found;
}

void require_gnuplot() {
  dag::require(have_gnuplot(), dag::Errc::unsupported,
               "plots are drawn by gnuplot, which is not installed; on Debian: apt-get install "
               "gnuplot-nox");
}

std::string draw(const Plot& plot, PlotFormat format, const std::string& id) {
  return draw(std::vector<Plot>{plot}, format, id);
}

std::string draw(const std::vector<Plot>& panels, PlotFormat format, const std::string& id) {
  require_gnuplot();
  const TemporaryFile script;
  const TemporaryFile messages;
  dag::write_file_atomically(script.name(), gnuplot_script(panels, format, id));
  const std::string command =
      "exec gnuplot " + script.shell_word() + " 2>" + messages.shell_word() + " </dev/null";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  dag::require(pipe != nullptr, dag::Errc::io, "cannot start gnuplot: ", std::strerror(errno));
  std::string image;
  char buffer[16384];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    image.append(buffer, got);
  }
  const int code = ::pclose(pipe);
  if (code != 0 || image.empty()) {
    std::string text = dag::read_text_file(messages.name());
    dag::fail(dag::Errc::io, "gnuplot failed: ", text.substr(0, 500));
  }
  return image;
}

}  // namespace cli
