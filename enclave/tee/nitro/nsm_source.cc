#include "enclave/tee/nitro/nsm_source.h"

#include <cerrno>
#include <linux/ioctl.h>

#include "lib/base/cbor.h"
#include "lib/base/cbor_reader.h"

namespace blindai {
namespace {

constexpr size_t kMaxResponse = 0x3000;

// linux/nsm.h, which Debian 12 does not have.
struct NsmBuffer {
  uint64_t address;
  uint64_t length;
};
struct NsmMessage {
  NsmBuffer request;
  NsmBuffer response;
};
constexpr unsigned long kNsmRequest = _IOWR(0x0a, 0x0, NsmMessage);

constexpr Id kAbsent{
    "tee.nitro.absent",
    "There is no /dev/nsm: start the server inside a Nitro enclave, with Linux 6.8 "
    "or later or the driver nsm loaded."};
constexpr Id kPermission{"tee.nitro.permission",
                         "/dev/nsm may not be opened by this user: run as root in the enclave."};
constexpr Id kRefused{
    "tee.nitro.refused",
    "The Nitro Security Module refused to make a document; restart the enclave, and "
    "tell AWS when it lasts."};
constexpr Id kFailed{
    "tee.nitro.failed",
    "The Nitro Security Module did not answer as it should; restart the enclave, and "
    "look into the kernel's log (dmesg)."};

constexpr uint8_t kMapOfOne = 0xa1;  // RFC 8949 section 3.1
constexpr uint8_t kMapOfThree = 0xa3;
constexpr uint8_t kNull = 0xf6;

// {key: {field: document}} or {"Error": name}.
Result<Bytes> read_response(BytesView response) {
  CborReader r(response);
  ASSIGN_OR_RETURN(CborCount outer, r.map());
  ASSIGN_OR_RETURN(const bool any, r.more(outer));
  if (!any) return fail(Code::kUnavailable, kFailed);
  ASSIGN_OR_RETURN(const std::string_view key, r.text());
  if (key == "Error") return fail(Code::kUnavailable, kRefused);
  if (key != "Attestation") return fail(Code::kUnavailable, kFailed);
  ASSIGN_OR_RETURN(CborCount inner, r.map());
  ASSIGN_OR_RETURN(const bool has_field, r.more(inner));
  if (!has_field) return fail(Code::kUnavailable, kFailed);
  ASSIGN_OR_RETURN(const std::string_view field, r.text());
  if (field != "document") return fail(Code::kUnavailable, kFailed);
  ASSIGN_OR_RETURN(const BytesView document, r.bytes());
  ASSIGN_OR_RETURN(const bool more_fields, r.more(inner));
  if (more_fields) return fail(Code::kUnavailable, kFailed);
  ASSIGN_OR_RETURN(const bool more_keys, r.more(outer));
  if (more_keys || document.empty()) return fail(Code::kUnavailable, kFailed);
  RETURN_IF_ERROR(r.finish());
  return to_bytes(document);
}

}  // namespace

Bytes nsm_request(const ByteArray<64>& user_data) {
  Bytes out = {kMapOfOne};
  append(out, Cbor::text("Attestation").encode());
  out.push_back(kMapOfThree);
  append(out, Cbor::text("user_data").encode());
  append(out, Cbor::bytes(user_data).encode());
  for (const std::string_view absent : {"nonce", "public_key"}) {
    append(out, Cbor::text(absent).encode());
    out.push_back(kNull);
  }
  return out;
}

Result<Bytes> nsm_document(BytesView response) {
  auto document = read_response(response);
  if (!document.has_value() && document.error().name() != kRefused.text)
    return fail(Code::kUnavailable, kFailed);
  return document;
}

Result<Evidence> NsmSource::evidence(const ByteArray<64>& report_data) {
  auto device = KernelDevice::open(kernel_, "/dev/nsm");
  if (!device.has_value()) {
    if (device.error() == EACCES || device.error() == EPERM)
      return fail(Code::kDenied, kPermission);
    return fail(Code::kNotFound, kAbsent);
  }
  const Bytes request = nsm_request(report_data);
  Bytes response(kMaxResponse);
  NsmMessage message{{reinterpret_cast<uint64_t>(request.data()), request.size()},
                     {reinterpret_cast<uint64_t>(response.data()), response.size()}};
  if (device->ioctl(kNsmRequest, &message) != 0 || message.response.length > response.size())
    return fail(Code::kUnavailable, kFailed);
  ASSIGN_OR_RETURN(
      Bytes document,
      nsm_document(BytesView(response).first(static_cast<size_t>(message.response.length))));
  return Evidence{Tee::kNitro, std::move(document)};
}

}  // namespace blindai
