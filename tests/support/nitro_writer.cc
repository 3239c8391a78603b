#include "tests/support/nitro_writer.h"

#include <algorithm>

namespace blindai {
namespace {

auto named(std::string_view name) {
  return [name](const auto& entry) { return entry.first.as_text() == name; };
}

}  // namespace

Bytes write_cbor_map(const CborEntries& entries, bool open) {
  Bytes out;
  if (open) {
    out.push_back(0xbf);
  } else {
    // The head of a map is that of an array of as many elements, with another major type.
    std::vector<Cbor> as_many(entries.size(), Cbor::integer(0));
    out = Cbor::array(std::move(as_many)).encode();
    out.resize(out.size() - entries.size());
    out[0] = static_cast<uint8_t>(out[0] ^ 0x20);  // major type 4 to 5
  }
  for (const auto& [key, value] : entries) {
    append(out, key.encode());
    append(out, value);
  }
  if (open) out.push_back(0xff);
  return out;
}

Bytes cbor_null() {
  return {0xf6};
}

NitroPayload NitroPayload::sample() {
  NitroPayload out;
  CborEntries pcrs;
  for (int i = 0; i < 16; ++i)
    pcrs.emplace_back(Cbor::integer(i),
                      Cbor::bytes(Bytes(48, static_cast<uint8_t>(i < 3 ? i + 1 : 0))).encode());
  out.set("module_id", Cbor::text("i-0123456789abcdef0-enc0123456789abcdef"));
  out.set("digest", Cbor::text("SHA384"));
  out.set("timestamp", Cbor::integer(1795000000123));
  out.set("pcrs", write_cbor_map(pcrs));
  out.set("certificate", Cbor::bytes(Bytes(100, 0x11)));
  out.set("cabundle", Cbor::array({Cbor::bytes(Bytes(80, 0x22)), Cbor::bytes(Bytes(90, 0x33))}));
  for (const char* name : {"public_key", "user_data", "nonce"}) out.set(name, cbor_null());
  return out;
}

NitroPayload& NitroPayload::set(std::string_view name, Bytes encoded) {
  const auto found = std::ranges::find_if(entries_, named(name));
  if (found == entries_.end()) return add(name, std::move(encoded));
  found->second = std::move(encoded);
  return *this;
}

NitroPayload& NitroPayload::remove(std::string_view name) {
  std::erase_if(entries_, named(name));
  return *this;
}

NitroPayload& NitroPayload::add(std::string_view name, Bytes encoded) {
  entries_.emplace_back(Cbor::text(name), std::move(encoded));
  return *this;
}

Bytes write_cose(const CoseParts& parts) {
  Bytes out = {0x84};  // an array of four
  append(out, Cbor::bytes(parts.protected_header).encode());
  append(out, parts.unprotected);
  append(out, Cbor::bytes(parts.payload).encode());
  append(out, Cbor::bytes(parts.signature).encode());
  return out;
}

}  // namespace blindai
