// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes the keys and values of the database.
//
// Numbers are big-endian and of fixed width, so LMDB, which compares bytes, keeps them in numeric order. There are no
// length fields: a text, Bytes or Sealed takes all bytes that are left, so it must be the last field. A struct lists
// its members:
//
//   struct Head {
//     std::uint64_t seq = 0;
//     Hash hash;
//     static constexpr auto fields = std::make_tuple(&Head::seq, &Head::hash);
//   };
//
// Decoding a value that does not have exactly the bytes of its type fails with StoreErrc::store_damaged.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <tuple>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "base/sealed.hpp"
#include "store/errc.hpp"

namespace vault::store {

template <class T>
struct Codec;

template <std::unsigned_integral T>
struct Codec<T> {
  static constexpr bool fixed = true;
  static void write(ByteWriter& out, T v) {
    if constexpr (sizeof(T) == 1) out.u8(v);
    else if constexpr (sizeof(T) == 2) out.u16(v);
    else if constexpr (sizeof(T) == 4) out.u32(v);
    else out.u64(v);
  }
  static T read(ByteReader& in) {
    if constexpr (sizeof(T) == 1) return in.u8();
    else if constexpr (sizeof(T) == 2) return in.u16();
    else if constexpr (sizeof(T) == 4) return in.u32();
    else return in.u64();
  }
};

template <class Tag, std::size_t N>
struct Codec<FixedBytes<Tag, N>> {
  static constexpr bool fixed = true;
  static void write(ByteWriter& out, const FixedBytes<Tag, N>& v) { out.fixed(v); }
  static FixedBytes<Tag, N> read(ByteReader& in) { return in.fixed<FixedBytes<Tag, N>>(); }
};

template <>
struct Codec<Bytes> {
  static constexpr bool fixed = false;
  static void write(ByteWriter& out, const Bytes& v) { out.raw(v); }
  static Bytes read(ByteReader& in) {
    const auto rest = in.take(in.left());
    return {rest.begin(), rest.end()};
  }
};

template <>
struct Codec<std::string> {
  static constexpr bool fixed = false;
  static void write(ByteWriter& out, const std::string& v) { out.raw(bytes_of(v)); }
  static std::string read(ByteReader& in) { return std::string{text_of(in.take(in.left()))}; }
};

template <>
struct Codec<Sealed> {
  static constexpr bool fixed = false;
  static void write(ByteWriter& out, const Sealed& v) { out.raw(v.view()); }
  static Sealed read(ByteReader& in) { return Sealed::from_untrusted(in.take(in.left())); }
};

template <class T>
concept Record = requires {
  std::tuple_size<std::remove_cvref_t<decltype(T::fields)>>::value;
};

template <class T, class Field>
constexpr bool is_fixed(Field T::*) {
  return Codec<Field>::fixed;
}

template <Record T>
struct Codec<T> {
  static constexpr std::size_t unfixed =
      std::apply([](auto... field) { return (std::size_t{0} + ... + (is_fixed(field) ? 0u : 1u)); }, T::fields);
  static constexpr bool fixed = unfixed == 0;
  static_assert(fixed || (unfixed == 1 && !is_fixed(std::get<std::tuple_size_v<decltype(T::fields)> - 1>(T::fields))),
                "only the last field may have a length of its own");

  static void write(ByteWriter& out, const T& v) {
    std::apply([&out, &v](auto... field) { (write_field(out, v.*field), ...); }, T::fields);
  }
  static T read(ByteReader& in) {
    T v;
    std::apply([&in, &v](auto... field) { (read_field(in, v.*field), ...); }, T::fields);
    return v;
  }

 private:
  template <class Field>
  static void write_field(ByteWriter& out, const Field& v) {
    Codec<Field>::write(out, v);
  }
  template <class Field>
  static void read_field(ByteReader& in, Field& v) {
    v = Codec<Field>::read(in);
  }
};

template <class T>
Bytes encode(const T& v) {
  ByteWriter out;
  Codec<T>::write(out, v);
  return out.take();
}

template <class T>
[[nodiscard]] Result<T> decode(BytesView bytes) {
  ByteReader in{bytes};
  T v = Codec<T>::read(in);
  if (!in.done()) return StoreErrc::store_damaged;
  return v;
}

}  // namespace vault::store
