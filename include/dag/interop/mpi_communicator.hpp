// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mpi.h>

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <dag/core/communicator.hpp>
#include <dag/core/error.hpp>

namespace dag {

/// The ranks of an MPI communicator (core/communicator.hpp). MPI_Init and MPI_Finalize are the
/// program's; MPI's errors end the program as its error handler says. At most 2^31 - 1 bytes from
/// or to a rank at once (invalid_argument).
class MpiCommunicator {
 public:
  explicit MpiCommunicator(MPI_Comm ranks = MPI_COMM_WORLD) : ranks_(ranks) {
    MPI_Comm_rank(ranks_, &rank_);
    MPI_Comm_size(ranks_, &size_);
  }
  [[nodiscard]] std::size_t rank() const noexcept { return static_cast<std::size_t>(rank_); }
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(size_); }

  [[nodiscard]] std::vector<std::string> exchange(std::vector<std::string> to) const {
    require(to.size() == size(), Errc::dimension_mismatch, "MpiCommunicator: ", to.size(),
            " messages for ", size(), " ranks");
    std::vector<int> send_size(size()), send_begin(size()), size_of(size()), begin(size());
    std::string sent;
    for (std::size_t r = 0; r < size(); ++r) {
      require(sent.size() + to[r].size() <= limit, Errc::invalid_argument, "MpiCommunicator: rank ",
              rank_, " sends more than ", limit, " bytes at once");
      send_begin[r] = static_cast<int>(sent.size());
      send_size[r] = static_cast<int>(to[r].size());
      sent += to[r];
    }
    MPI_Alltoall(send_size.data(), 1, MPI_INT, size_of.data(), 1, MPI_INT, ranks_);
    std::size_t total = 0;
    for (std::size_t r = 0; r < size(); ++r) {
      require(total + static_cast<std::size_t>(size_of[r]) <= limit, Errc::invalid_argument,
              "MpiCommunicator: rank ", rank_, " receives more than ", limit, " bytes at once");
      begin[r] = static_cast<int>(total);
      total += static_cast<std::size_t>(size_of[r]);
    }
    std::string received(total, '\0');
    MPI_Alltoallv(sent.data(), send_size.data(), send_begin.data(), MPI_BYTE, received.data(),
                  size_of.data(), begin.data(), MPI_BYTE, ranks_);
    for (std::size_t r = 0; r < size(); ++r) {
      to[r] =
          received.substr(static_cast<std::size_t>(begin[r]), static_cast<std::size_t>(size_of[r]));
    }
    return to;
  }

 private:
  static constexpr std::size_t limit = std::numeric_limits<int>::max();
  MPI_Comm ranks_;
  int rank_ = 0, size_ = 1;
};

static_assert(Communicator<MpiCommunicator>);

}  // namespace dag
