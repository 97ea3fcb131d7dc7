// SPDX-License-Identifier: Apache-2.0
#include "server/sessions.hpp"

#include "base/assert.hpp"
#include "server/random.hpp"

namespace vault::server {

bool is_sheet_key(const wire::KeyId& key) { return key == wire::sheet_key_id; }

bool NumberWindow::is_new(std::uint64_t number) const {
  if (number > greatest_) return true;
  const auto distance = greatest_ - number;
  return number != 0 && distance >= 1 && distance <= 64 && (below_ >> (distance - 1) & 1) == 0;
}

void NumberWindow::use(std::uint64_t number) {
  if (number <= greatest_) {
    below_ |= std::uint64_t{1} << (greatest_ - number - 1);
    return;
  }
  const auto step = number - greatest_;
  below_ = step >= 64 ? 0 : below_ << step;
  if (step <= 64 && greatest_ != 0) below_ |= std::uint64_t{1} << (step - 1);
  greatest_ = number;
}

const Session& Sessions::open(const wire::SessionRequest& request, Time now) {
  drop_idle(now);
  if (waiting_.size() >= unproven) erase(waiting_.begin());
  waiting_.push_back({.id = random_bytes<wire::SessionId>(),
                      .account = request.account,
                      .vault = request.vault,
                      .key = request.key,
                      .challenge = random_bytes<wire::Challenge>(),
                      .last_used = now});
  index_.emplace(waiting_.back().id, std::prev(waiting_.end()));
  return waiting_.back();
}

Session* Sessions::find(const wire::SessionId& id, Time now) {
  const auto found = index_.find(id);
  if (found == index_.end()) return nullptr;
  if (now - found->second->last_used <= idle) return &*found->second;
  erase(found->second);
  return nullptr;
}

bool Sessions::is_proven(const wire::SessionId& id) const {
  const auto found = index_.find(id);
  return found != index_.end() && found->second->proven;
}

void Sessions::used(Session& session, Time now) {
  const auto found = index_.find(session.id);
  VAULT_ASSERT(found != index_.end());
  auto& own = proven_[session.account];
  auto& from = session.proven ? own : waiting_;
  session.last_used = now;
  session.proven = true;
  own.splice(own.end(), from, found->second);
  if (own.size() > proven_per_account) erase(own.begin());
}

void Sessions::end(const wire::SessionId& id) {
  if (const auto found = index_.find(id); found != index_.end()) erase(found->second);
}

void Sessions::erase(List::iterator session) {
  index_.erase(session->id);
  if (!session->proven) {
    waiting_.erase(session);
    return;
  }
  const auto own = proven_.find(session->account);
  own->second.erase(session);
  if (own->second.empty()) proven_.erase(own);
}

// Ends idle sessions. Looks at all of them, at most once a minute.
void Sessions::drop_idle(Time now) {
  if (now - swept_ < std::chrono::minutes{1}) return;
  swept_ = now;
  std::vector<List::iterator> ended;
  for (const auto& [id, session] : index_)
    if (now - session->last_used > idle) ended.push_back(session);
  for (const auto session : ended) erase(session);
}

}  // namespace vault::server
