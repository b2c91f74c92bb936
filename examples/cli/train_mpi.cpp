// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// dag-train-mpi: `dag train` as one of several ranks of MPI. dag becomes this program (become_rank)
// with its own options, so that messages speak of dag train; rank 0 speaks for all.
#include <mpi.h>

#include <string>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/interop/mpi_communicator.hpp>

#include "part.hpp"
#include "train_command.hpp"

namespace cli {
namespace {

int train(const TrainFlags& flags, const dag::MpiCommunicator& mpi) {
  const Part launched = launched_part();
  dag::require(launched.size == mpi.size(), dag::Errc::invalid_argument, "the launcher started ",
               launched.size, " processes, but MPI knows of ", mpi.size(),
               "; start it by the mpirun of the MPI that dag was built with, or srun --mpi=pmix");
  const auto config = [&] {
    TrainConfig read = train_config_of(flags);
    dag::require(!read.is_transformer(), dag::Errc::unsupported, "the launcher started ",
                 launched.size, " processes, but the transformer trains in one; start dag train ",
                 "alone, or train by the data parallelism of a trainer that has dag's rewards ",
                 "(docs/python.md)");
    return read;
  };
  return train_layered(
      flags, config,
      {.own = mpi.rank(), .count = mpi.size(), .swap = [&](std::vector<std::string> to) {
         return mpi.exchange(std::move(to));
       }});
}

}  // namespace
}  // namespace cli

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const dag::MpiCommunicator mpi;
  const int code = cli::run_train_program(
      argc, argv, "dag-train-mpi: what dag train becomes as one of several ranks of MPI.",
      mpi.rank() == 0, [&](const cli::TrainFlags& flags) { return cli::train(flags, mpi); });
  MPI_Finalize();  // waits for all, so that a launcher kills none that still writes
  return code;
}
