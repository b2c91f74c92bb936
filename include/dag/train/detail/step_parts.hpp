// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/communicator.hpp>

namespace dag::detail {

/// The sum of rows of numbers 0, 1, 2, ... by pairs: those of two brothers in a binary tree are
/// added first. Rows come in ascending order, alone or as sums of a node's rows that somebody else
/// made, and the bits do not depend on which. Memory: a row for each level of the tree.
template <class Number>
class PairSum {
 public:
  struct Node {
    std::size_t first, width;  ///< rows; the width is a power of two that divides `first`
    std::vector<Number> sum;
  };

  void begin() {
    for (Node& node : nodes_) {
      std::fill(node.sum.begin(), node.sum.end(), Number{0});
      spare_.push_back(std::move(node.sum));
    }
    nodes_.clear();
  }
  /// A row of zeros to be filled and given to `add`; `size` is always the same.
  [[nodiscard]] std::vector<Number> zeros(std::size_t size) {
    if (spare_.empty()) {
      return std::vector<Number>(size);
    }
    std::vector<Number> row = std::move(spare_.back());
    spare_.pop_back();
    return row;
  }
  void add(std::size_t first, std::size_t width, std::vector<Number> sum) {
    nodes_.push_back({first, width, std::move(sum)});
    while (nodes_.size() > 1 && nodes_[nodes_.size() - 2].width == nodes_.back().width &&
           nodes_[nodes_.size() - 2].first % (2 * nodes_.back().width) == 0) {
      nodes_[nodes_.size() - 2].width *= 2;
      join();
    }
  }
  /// What is not yet joined: other rows are in between or missing.
  [[nodiscard]] std::span<const Node> nodes() const { return nodes_; }
  /// The sum of all, at least one, from row 0 on without a gap.
  [[nodiscard]] std::span<const Number> total() {
    while (nodes_.size() > 1) {
      join();
    }
    return nodes_[0].sum;
  }

 private:
  /// The last node into the one before it.
  void join() {
    const std::span<Number> from(nodes_.back().sum), to(nodes_[nodes_.size() - 2].sum);
    for (std::size_t i = 0; i < to.size(); ++i) {
      to[i] += from[i];
      from[i] = 0;
    }
    spare_.push_back(std::move(nodes_.back().sum));
    nodes_.pop_back();
  }

  std::vector<Node> nodes_;
  std::vector<std::vector<Number>> spare_;
};

/// The traces of a step in parts of nearly equal length, of which every rank of n works on a
/// run: rank r on those from parts * r / n to parts * (r + 1) / n. Whatever is computed is computed
/// part by part, so that its bits depend on the number of parts alone.
template <Communicator Ranks, class Real>
class StepParts {
 public:
  StepParts(Conversation<Ranks>& talk, std::size_t traces, std::size_t parts) : talk_(talk) {
    for (std::size_t p = 0; p <= parts; ++p) {
      whole_.push_back(traces * p / parts);
    }
    cut_ = whole_;
  }
  [[nodiscard]] Conversation<Ranks>& talk() { return talk_; }

  /// All traces are there.
  void begin() { cut_ = whole_; }
  /// Those of these places, ascending, stay and close the gaps.
  void keep(std::span<const std::size_t> places) {
    for (std::size_t& cut : cut_) {
      cut = static_cast<std::size_t>(std::lower_bound(places.begin(), places.end(), cut) -
                                     places.begin());
    }
  }

  /// work(part, first trace, number of traces) for those of this rank that have any.
  template <class Work>
  void each_own(Work&& work) const {
    for (std::size_t p = begin_of(talk_.rank()); p < begin_of(talk_.rank() + 1); ++p) {
      if (cut_[p] < cut_[p + 1]) {
        work(p, cut_[p], cut_[p + 1] - cut_[p]);
      }
    }
  }

  /// Every rank has computed the entries of its own traces; after this each has all. One exchange.
  template <class... Numbers>
  void share(std::span<Numbers>... entries) {
    share_by([](std::size_t trace) { return trace; }, entries...);
  }
  /// The same of rows, one a trace: that of trace i is [offsets[i], offsets[i + 1]).
  template <class... Numbers>
  void share_rows(std::span<const std::size_t> offsets, std::span<Numbers>... entries) {
    share_by([&](std::size_t trace) { return offsets[trace]; }, entries...);
  }

  /// total += the sum over parts, by pairs, of what add(first trace, number of traces, row) adds to
  /// a row of zeros; `total` comes as zeros. Two exchanges: rank r adds up slice r of the rows of
  /// all, and gives it to all. Sent by a rank: its part of the tree, which is one row where its
  /// parts are a whole branch, and at most 2 log2(parts); then a slice to each other rank.
  template <class Add>
  void sum(std::span<Real> total, Add&& add) {
    const std::size_t ranks = talk_.size(), rank = talk_.rank(), parts = cut_.size() - 1;
    if (ranks == 1 && parts == 1) {
      add(cut_[0], cut_[1], total);
      return;
    }
    own_.begin();
    for (std::size_t p = begin_of(rank); p < begin_of(rank + 1); ++p) {
      std::vector<Real> row = own_.zeros(total.size());
      if (cut_[p] < cut_[p + 1]) {
        add(cut_[p], cut_[p + 1] - cut_[p], std::span<Real>(row));
      }
      own_.add(p, 1, std::move(row));
    }
    if (ranks == 1) {
      const std::span<const Real> sum = own_.total();
      std::copy(sum.begin(), sum.end(), total.begin());
      return;
    }
    const auto slice = [&](std::size_t r) {
      const std::size_t first = total.size() * r / ranks;
      return std::pair(first, total.size() * (r + 1) / ranks - first);
    };
    slice_.begin();
    talk_.exchange(
        [&](std::size_t r, Message& to) {
          const auto [first, size] = slice(r);
          for (const auto& node : own_.nodes()) {
            to.put(node.first);
            to.put(node.width);
            to.put_all(std::span<const Real>(node.sum).subspan(first, size));
          }
        },
        [&](std::size_t, Message& from) {
          while (!from.done()) {
            const auto first = from.template get<std::size_t>();
            const auto width = from.template get<std::size_t>();
            std::vector<Real> row = slice_.zeros(slice(rank).second);
            from.get_all(std::span<Real>(row));
            slice_.add(first, width, std::move(row));
          }
        });
    const std::span<const Real> sum = slice_.total();
    talk_.exchange([&](std::size_t, Message& to) { to.put_all(sum); },
                   [&](std::size_t r, Message& from) {
                     const auto [first, size] = slice(r);
                     from.get_all(total.subspan(first, size));
                   });
  }

 private:
  /// The first part of a rank.
  [[nodiscard]] std::size_t begin_of(std::size_t rank) const {
    return (cut_.size() - 1) * rank / talk_.size();
  }
  template <class Place, class... Numbers>
  void share_by(Place&& place, std::span<Numbers>... entries) {
    if (talk_.size() == 1) {
      return;
    }
    const auto of = [&](auto all, std::size_t r) {
      const std::size_t first = place(cut_[begin_of(r)]);
      return all.subspan(first, place(cut_[begin_of(r + 1)]) - first);
    };
    const std::size_t rank = talk_.rank();
    talk_.exchange([&](std::size_t, Message& to) { (to.put_all(of(entries, rank)), ...); },
                   [&](std::size_t r, Message& from) { (from.get_all(of(entries, r)), ...); });
  }

  Conversation<Ranks>& talk_;
  std::vector<std::size_t> whole_, cut_;  ///< where parts begin: of all traces; of those that stay
  PairSum<Real> own_, slice_;
};

}  // namespace dag::detail
