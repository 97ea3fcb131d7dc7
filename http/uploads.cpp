// SPDX-License-Identifier: Apache-2.0
#include "http/uploads.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace vault::server {

Uploads::Body::Body(Uploads& in, From from, std::function<void()> give_way)
    : in_(in), from_(std::move(from)), give_way_(std::move(give_way)), began_(in.now_()) {
  place_ = in_.coming_.insert(in_.coming_.end(), this);
}

Uploads::Body::~Body() {
  whole();
  in_.bytes_ -= held_;
}

void Uploads::Body::whole() {
  if (std::exchange(coming_, false)) in_.coming_.erase(place_);
}

bool Uploads::Body::grow(std::size_t more) {
  while (in_.bytes_ + more > in_.limits_.bytes) {
    auto* first = in_.first_to_give_way();
    if (first == nullptr || first == this) return false;
    spare(*first);
  }
  held_ += more;
  in_.bytes_ += more;
  return true;
}

// Makes `body` give way. Frees its room at once, before its coroutine notices.
void Uploads::spare(Body& body) {
  body.whole();
  body.in_.bytes_ -= std::exchange(body.held_, 0);
  body.give_way_();
}

double Uploads::rate(const Body& body) const {
  const auto age = std::max<Clock::duration>(now_() - body.began_, std::chrono::seconds{1});
  return static_cast<double>(body.received_) / std::chrono::duration<double>(age).count();
}

bool Uploads::is_slow(const Body& body) const {
  return now_() - body.began_ > limits_.grace && rate(body) < static_cast<double>(limits_.slow_bytes);
}

Uploads::Body* Uploads::first_to_give_way() const {
  std::unordered_map<std::string, std::size_t> held;
  for (const auto* body : coming_) held[body->from_.address] += body->held_;
  const auto order = [&](const Body* body) {
    return std::tuple{body->from_.known, !is_slow(*body), bytes_ - held[body->from_.address], rate(*body)};
  };
  const auto first = std::ranges::min_element(coming_, {}, order);
  return first == coming_.end() ? nullptr : *first;
}

bool Uploads::spare_slow() {
  const auto slow = std::ranges::find_if(coming_, [this](const Body* body) { return is_slow(*body); });
  if (slow == coming_.end()) return false;
  spare(**slow);
  return true;
}

bool Uploads::spare_any() {
  auto* first = first_to_give_way();
  if (first != nullptr) spare(*first);
  return first != nullptr;
}

}  // namespace vault::server
