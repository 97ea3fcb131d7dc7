// SPDX-License-Identifier: Apache-2.0
// Defines the methods of values of any size, which pass through files that come with the request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ipc/api/item.hpp"
#include "ipc/method.hpp"

namespace vault::ipc {

// Takes the value from the file that comes with the request, from the file's position to its end. The other members are
// those of PutParams, and what is left out stays likewise: as it is when the value has come.
struct BlobPutParams {
  std::string name;
  std::optional<std::string> content_type;
  std::optional<Attributes> attributes;
  std::optional<AttributesPatch> attributes_patch;
  std::optional<std::string> if_version;
  std::optional<std::uint64_t>
      length;  // that the value must have; known for a regular file. Without it a pipe costs room twice
};
BOOST_DESCRIBE_STRUCT(BlobPutParams, (), (name, content_type, attributes, attributes_patch, if_version, length))

struct BlobPutResult {
  std::string version;
  std::uint64_t size = 0;  // bytes of the value
};
BOOST_DESCRIBE_STRUCT(BlobPutResult, (), (version, size))

// Writes the value, or a range of it, to the file that comes with the request, from the file's position on. A length of
// 0 only asks for the facts and needs no file.
struct BlobGetParams {
  std::string name;
  std::optional<std::string> version;
  std::optional<std::uint64_t> offset, length;  // bytes; a range stops at the end of the value
};
BOOST_DESCRIBE_STRUCT(BlobGetParams, (), (name, version, offset, length))

struct BlobGetResult {
  std::string name, version, modified;
  std::uint64_t size = 0;     // bytes of the value
  std::uint64_t written = 0;  // bytes that this call wrote
  std::string content_type;
  Attributes attributes;
  std::vector<std::string> heads;
};
BOOST_DESCRIBE_STRUCT(BlobGetResult, (), (name, version, modified, size, written, content_type, attributes, heads))

// Lists the large values that any version of any item names, one entry for each version, without the values.
struct ExportListParams {
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ExportListParams, (), (cursor))

struct ExportLarge {
  std::string name, version;
  std::string blob;          // id of the value; versions may share one
  std::uint64_t chunks = 0;  // number of sealed chunks; each is a file of the export
};
BOOST_DESCRIBE_STRUCT(ExportLarge, (), (name, version, blob, chunks))

struct ExportListResult {
  std::vector<ExportLarge> values;
  std::optional<std::string> cursor;  // pass it to get the next page; absent on the last
};
BOOST_DESCRIBE_STRUCT(ExportListResult, (), (values, cursor))

struct ExportBlobParams {
  std::string name, version;
};
BOOST_DESCRIBE_STRUCT(ExportBlobParams, (), (name, version))

struct ExportBlobResult {
  std::uint64_t files = 0, bytes = 0;  // in the folder now, with those that were there before
  std::uint64_t written = 0;           // files that this call wrote
  std::vector<std::uint64_t> missing;  // indexes of chunks that are neither here nor on the server
};
BOOST_DESCRIBE_STRUCT(ExportBlobResult, (), (files, bytes, written, missing))

namespace methods {

inline constexpr Method<BlobPutParams, BlobPutResult> blob_put{"blob.put",
                                                               "Write an item of any size, up to 60 GiB, from a file.",
                                                               Use::no, Takes::readable_file, footprint::item};
inline constexpr Method<BlobGetParams, BlobGetResult> blob_get{"blob.get",
                                                               "Write an item's value, or a range of it, into a file.",
                                                               Use::no, Takes::writable_file, footprint::item};
inline constexpr Method<ExportListParams, ExportListResult> blob_list{
    "blob.list", "One page of the large values of all versions, for an export.", Use::yes, Takes::nothing,
    footprint::page};
inline constexpr Method<ExportBlobParams, ExportBlobResult> blob_export{
    "blob.export",
    "Write the sealed chunks of a large value into a folder, as <index>.bin, but for those that are there.", Use::yes,
    Takes::folder};

}  // namespace methods
}  // namespace vault::ipc
