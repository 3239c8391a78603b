#include "lib/attest/x509_fields.h"

namespace blindai {
namespace {

constexpr size_t kMaxCrlLen = 8 * 1024 * 1024;

// One entry of revokedCertificates (RFC 5280 section 5.1.2.6); its extensions only say why.
bool take_revoked(DerReader& r, BytesView& serial) {
  BytesView entry;
  Time date;
  BytesView extensions;
  if (!r.take(DerTag::kSequence, entry)) return false;
  DerReader fields(entry);
  return take_serial(fields, serial) && take_time(fields, date) &&
         (fields.done() || fields.take(DerTag::kSequence, extensions)) && fields.done();
}

// A critical extension changes what the list covers (delta, one reason, other issuers).
bool read_crl_extensions(BytesView wrapped) {
  DerReader outer(wrapped);
  BytesView list;
  if (!outer.take(DerTag::kSequence, list) || !outer.done()) return false;
  for (DerReader r(list); !r.done();) {
    ExtensionField field;
    if (!take_extension(r, field) || field.critical) return false;
  }
  return true;
}

}  // namespace

Result<Crl> Crl::from_der(BytesView der, X509Profile issuer) {
  if (der.size() > kMaxCrlLen) return fail(Code::kTooLarge, "x509.crl-size");
  Crl out(to_bytes(der), issuer);
  if (!out.read()) return fail(Code::kMalformed, "x509.crl");
  return out;
}

// RFC 5280 section 5.1.2: version 2, and nextUpdate required.
bool Crl::read() {
  SignedFrame frame;
  if (!read_frame(der_, frame)) return false;
  body_ = frame.body;
  signature_ = frame.signature;
  DerReader r(frame.content);
  BytesView version;
  BytesView algorithm;
  BytesView extensions;
  constexpr uint8_t kVersion2[] = {0x01};
  if (!r.take(DerTag::kInteger, version) || !equal(version, kVersion2) ||
      !take_whole(r, DerTag::kSequence, algorithm) || !equal(algorithm, frame.algorithm) ||
      !is_algorithm_of(rules_of(profile_).issuer_key, algorithm) ||
      !take_name(r, issuer_, issuer_name_) || !take_time(r, this_update_) ||
      !take_time(r, next_update_))
    return false;
  if (r.sees(DerTag::kSequence) && !r.take(DerTag::kSequence, revoked_)) return false;
  for (DerReader entries(revoked_); !entries.done();) {
    BytesView serial;
    if (!take_revoked(entries, serial)) return false;
  }
  if (r.done()) return true;
  return r.take(DerTag::kContext0, extensions) && r.done() && read_crl_extensions(extensions);
}

bool Crl::names_issuer(const Certificate& issuer) const {
  return equal(issuer_, issuer.subject_);
}

bool Crl::signed_by(const Certificate& issuer) const {
  return issuer.made(body_, signature_, profile_);
}

bool Crl::lists(const Certificate& certificate) const {
  for (DerReader entries(revoked_); !entries.done();) {
    BytesView serial;
    BLINDAI_CHECK(take_revoked(entries, serial));  // read() has been through all of them
    if (equal(serial, certificate.serial())) return true;
  }
  return false;
}

}  // namespace blindai
