// SPDX-License-Identifier: Apache-2.0
// Converts described structs to JSON and back, and to the JSON Schema that says what is accepted.
//
// Decoding is strict. A member that is unknown, missing, null or of another type is refused, and the refusal names it
// ("params.items[3].name must be a string"). Only types as in ipc/api.hpp have codecs: strings, Secret, bool, integers
// up to 2^53, described enums and structs, vectors, string maps, optional and Nullable.
#pragma once

#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/json/serialize.hpp>
#include <boost/mp11/algorithm.hpp>
#include <concepts>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "ipc/json.hpp"
#include "ipc/types.hpp"

namespace vault::ipc {

namespace describe = boost::describe;

inline constexpr std::int64_t largest_integer = std::int64_t{1} << 53;  // exact in every JSON library's double

// Tracks where a decoder is in its input, and keeps the first thing that was wrong.
class Reading {
 public:
  explicit Reading(std::string root) : path_(std::move(root)) {}
  // Notes "<path> <what>" and returns false.
  bool fail(std::string_view what);
  bool fail_member(std::string_view name, std::string_view what);
  const std::string& why() const { return why_; }

  template <class Inside>
  bool at(std::string_view step, Inside inside) {
    const auto before = path_.size();
    path_ += step;
    const bool good = inside();
    path_.resize(before);
    return good;
  }

 private:
  std::string path_, why_;
};

// Estimates the bytes of a value as JSON.
template <class T>
std::size_t weight(const T&) {
  return 8;
}
inline std::size_t weight(const std::string& text) { return text.size() + 2; }
inline std::size_t weight(const Secret& text) { return text.size() + 2; }
// Returns a member's name in JSON: its name in C++, without the underscore at the end of one that is a word of C++.
template <class Member>
constexpr std::string_view member_name(Member member) {
  std::string_view name{member.name};
  if (name.ends_with('_')) name.remove_suffix(1);
  return name;
}

template <class T>
std::size_t weight(const std::optional<T>& value) {
  return value ? weight(*value) : 4;
}
template <class T>
std::size_t weight(const std::vector<T>& values) {
  std::size_t sum = 2;
  for (const auto& value : values) sum += weight(value);
  return sum;
}
template <class T>
requires describe::has_describe_members<T>::value std::size_t weight(const T& value) {
  std::size_t sum = 2;
  boost::mp11::mp_for_each<describe::describe_members<T, describe::mod_public>>(
      [&sum, &value](auto member) { sum += member_name(member).size() + 4 + weight(value.*member.pointer); });
  return sum;
}

template <class T>
struct Codec;  // decode(in, out, reading) -> bool, encode(value) -> json::value, schema() -> json::value

json::value schema_of_type(std::string_view type);

template <>
struct Codec<std::string> {
  static bool decode(const json::value& in, std::string& out, Reading& reading);
  static json::value encode(const std::string& value) { return json::value(value, json_storage()); }
  static json::value schema() { return schema_of_type("string"); }
};

template <>
struct Codec<Secret> {
  static bool decode(const json::value& in, Secret& out, Reading& reading);
  static json::value encode(const Secret& value) { return json::value(value.text(), json_storage()); }
  static json::value schema() { return schema_of_type("string"); }
};

template <>
struct Codec<bool> {
  static bool decode(const json::value& in, bool& out, Reading& reading);
  static json::value encode(bool value) { return json::value(value, json_storage()); }
  static json::value schema() { return schema_of_type("boolean"); }
};

bool decode_integer(const json::value& in, std::int64_t least, std::int64_t& out, Reading& reading);
json::value schema_of_integer(std::int64_t least);

template <std::integral T>
struct Codec<T> {
  static constexpr std::int64_t least = std::is_signed_v<T> ? -largest_integer : 0;
  static_assert(sizeof(T) == 8);
  static bool decode(const json::value& in, T& out, Reading& reading) {
    std::int64_t number = 0;
    if (!decode_integer(in, least, number, reading)) return false;
    out = static_cast<T>(number);
    return true;
  }
  static json::value encode(T value) { return json::value(value, json_storage()); }
  static json::value schema() { return schema_of_integer(least); }
};

template <class T>
requires std::is_enum_v<T>
struct Codec<T> {
  using All = describe::describe_enumerators<T>;
  static bool decode(const json::value& in, T& out, Reading& reading) {
    const auto* text = in.if_string();
    bool found = false;
    boost::mp11::mp_for_each<All>([&found, &out, text](auto one) {
      if (text != nullptr && std::string_view{*text} == one.name) found = true, out = one.value;
    });
    return found || reading.fail("must be one of " + json::serialize(names()));
  }
  static json::value encode(T value) {
    std::string_view name;
    boost::mp11::mp_for_each<All>([&name, value](auto one) {
      if (one.value == value) name = one.name;
    });
    return json::value(name, json_storage());
  }
  static json::value schema() { return json::object{{"enum", names()}}; }
  static json::value names() {
    json::array out;
    boost::mp11::mp_for_each<All>([&out](auto one) { out.emplace_back(one.name); });
    return out;
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static bool decode(const json::value& in, std::vector<T>& out, Reading& reading) {
    const auto* array = in.if_array();
    if (array == nullptr) return reading.fail("must be an array");
    for (const auto& element : *array) {
      const auto step = "[" + std::to_string(out.size()) + "]";
      auto& slot = out.emplace_back();
      if (!reading.at(step, [&element, &slot, &reading] { return Codec<T>::decode(element, slot, reading); }))
        return false;
    }
    return true;
  }
  static json::value encode(const std::vector<T>& value) {
    json::array out(json_storage());
    for (const auto& element : value) out.push_back(Codec<T>::encode(element));
    return out;
  }
  static json::value schema() { return json::object{{"type", "array"}, {"items", Codec<T>::schema()}}; }
};

template <>
struct Codec<std::map<std::string, std::string>> {
  static bool decode(const json::value& in, std::map<std::string, std::string>& out, Reading& reading);
  static json::value encode(const std::map<std::string, std::string>& value);
  static json::value schema();
};

// Decodes and encodes changes of a string map: null removes a member.
template <>
struct Codec<std::map<std::string, Nullable<std::string>>> {
  static bool decode(const json::value& in, std::map<std::string, Nullable<std::string>>& out, Reading& reading);
  static json::value encode(const std::map<std::string, Nullable<std::string>>& value);
  static json::value schema();
};

template <class T>
struct Codec<std::optional<T>> {  // for a member that is present
  static bool decode(const json::value& in, std::optional<T>& out, Reading& reading) {
    return Codec<T>::decode(in, out.emplace(), reading);
  }
  static json::value encode(const std::optional<T>& value) { return Codec<T>::encode(*value); }
  static json::value schema() { return Codec<T>::schema(); }
};

template <class T>
struct Codec<Nullable<T>> {
  static bool decode(const json::value& in, Nullable<T>& out, Reading& reading) {
    return in.is_null() || Codec<T>::decode(in, out.emplace(), reading);
  }
  static json::value encode(const Nullable<T>& value) {
    return value ? Codec<T>::encode(*value) : json::value(nullptr, json_storage());
  }
  static json::value schema() {
    return json::object{{"anyOf", json::array{Codec<T>::schema(), schema_of_type("null")}}};
  }
};

template <class T>
inline constexpr bool may_be_left_out = false;
template <class T>
inline constexpr bool may_be_left_out<std::optional<T>> = true;

template <class T>
requires describe::has_describe_members<T>::value struct Codec<T> {
  using Members = describe::describe_members<T, describe::mod_public>;
  template <class M>
  using TypeOf = std::remove_cvref_t<decltype(std::declval<T&>().*M::pointer)>;

  static bool decode(const json::value& in, T& out, Reading& reading) {
    const auto* object = in.if_object();
    if (object == nullptr) return reading.fail("must be an object");
    std::size_t known = 0;
    bool good = true;
    boost::mp11::mp_for_each<Members>([&good, &known, &out, &reading, object](auto member) {
      if (good) good = decode_member(*object, member, out, known, reading);
    });
    return good && (known == object->size() || fail_unknown(*object, reading));
  }

  static json::value encode(const T& value) {
    json::object out(json_storage());
    boost::mp11::mp_for_each<Members>([&out, &value](auto member) {
      using M = TypeOf<decltype(member)>;
      const auto& field = value.*member.pointer;
      if constexpr (may_be_left_out<M>)
        if (!field) return;
      out.emplace(member_name(member), Codec<M>::encode(field));
    });
    return out;
  }

  static json::value schema() {
    json::object properties;
    json::array required;
    boost::mp11::mp_for_each<Members>([&properties, &required](auto member) {
      using M = TypeOf<decltype(member)>;
      properties.emplace(member_name(member), Codec<M>::schema());
      if (!may_be_left_out<M>) required.emplace_back(member_name(member));
    });
    return json::object{
        {"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}};
  }

 private:
  template <class Member>
  static bool decode_member(const json::object& object, Member member, T& out, std::size_t& known, Reading& reading) {
    using M = TypeOf<Member>;
    const auto name = member_name(member);
    const auto* value = object.if_contains(name);
    if (value == nullptr) return may_be_left_out<M> || reading.fail_member(name, "is missing");
    ++known;
    return reading.at("." + std::string{name}, [value, &out, &reading, member] {
      return Codec<M>::decode(*value, out.*member.pointer, reading);
    });
  }

  static bool fail_unknown(const json::object& object, Reading& reading) {
    for (const auto& [key, value] : object) {
      bool found = false;
      boost::mp11::mp_for_each<Members>(
          [&found, name = std::string_view{key}](auto member) { found = found || name == member_name(member); });
      if (!found) return reading.fail_member(key, "is unknown");
    }
    return false;
  }
};

}  // namespace vault::ipc
