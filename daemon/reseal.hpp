// Own commits that nobody outside has seen when the vault key changes: they are sealed again under the new one, so that
// who knew the old one cannot read them. crypto/FORMAT.md §6; wire/PROTOCOL.md §6, "A change".
#pragma once

#include "daemon/device.hpp"

namespace vault::daemon {

// Opens the epoch that is due and seals again, behind its commit and in their order, the own commits that were not
// handed to the network; their records keep their version ids. Nothing to do when the vault key has not changed, or all
// were handed over. Requires: no plan is under way; then none is lost either, as those that come meanwhile follow.
// Errors: storage; then all is as it was.
asio::awaitable<Result<void>> seal_unsent_again(std::shared_ptr<Device> device, std::shared_ptr<Unlocked> vault);

}  // namespace vault::daemon
