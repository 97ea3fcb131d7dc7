// SPDX-License-Identifier: Apache-2.0
// Every decoder of wire/, chosen by the first byte. What decodes encodes to the same bytes.
#include <cstdlib>

#include "wire/blob_chunk.hpp"
#include "wire/blob_path.hpp"
#include "wire/commit_header.hpp"
#include "wire/keyring_header.hpp"
#include "wire/messages.hpp"

using namespace vault;

namespace {

template <class Message>
void round_trip(BytesView in) {
  const auto message = wire::decode<Message>(in);
  if (message && wire::encode(*message) != Bytes(in.begin(), in.end())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView in{data + 1, size - 1};
  switch (data[0] % 17) {
    case 0:
      round_trip<wire::PreloginRequest>(in);
      break;
    case 1:
      round_trip<wire::Prelogin>(in);
      break;
    case 2:
      round_trip<wire::SessionRequest>(in);
      break;
    case 3:
      round_trip<wire::Session>(in);
      break;
    case 4:
      round_trip<wire::CreateAccount>(in);
      break;
    case 5:
      round_trip<wire::KeyringPage>(in);
      break;
    case 6:
      round_trip<wire::Heads>(in);
      break;
    case 7:
      round_trip<wire::CommitPage>(in);
      break;
    case 8:
      round_trip<wire::CommitConflict>(in);
      break;
    case 9:
      round_trip<wire::KeyringHead>(in);
      break;
    case 10:
      round_trip<Head>(in);
      break;
    case 11:
      (void)wire::decode_authorization(text_of(in));
      break;
    case 12:
      if (const auto h = wire::decode_commit_header(in)) {
        const auto bytes = wire::encode(*h);
        if (!std::equal(bytes.begin(), bytes.end(), in.begin())) std::abort();
      }
      break;
    case 14:
      round_trip<wire::BlobLeaves>(in);
      break;
    case 15:
      if (const auto h = wire::decode_blob_chunk(in)) {
        const auto bytes = wire::encode(*h);
        if (!std::equal(bytes.begin(), bytes.end(), in.begin())) std::abort();
      }
      break;
    case 16:
      if (const auto path = wire::parse_blob_path(text_of(in)))
        if (wire::to_path(*path) != text_of(in)) std::abort();
      break;
    default:
      if (const auto h = wire::decode_keyring_header(in)) {
        const auto bytes = wire::encode(h->header);
        if (bytes.size() != h->size || !std::equal(bytes.begin(), bytes.end(), in.begin())) std::abort();
      }
  }
  return 0;
}
