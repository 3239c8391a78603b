#include "lib/attest/snp_verification.h"

namespace blindai {

// Reads all three parts before it looks at any, so that one look shows everything that is missing.
bool SnpVerification::readable() {
  const bool key =
      parsed(C::kVekLayout, Certificate::from_der(collateral_.vek, X509Profile::kAmdVek), vek_,
             "a VCEK or VLEK certificate");
  constexpr std::string_view kTwo = "2 certificates";
  auto chain = parse_pem_chain(collateral_.vek_chain, X509Profile::kAmdCa);
  const bool two = chain.has_value() && chain->size() == 2;
  mark(C::kChainLayout, two, std::string(kTwo),
       chain.has_value() ? std::to_string(chain->size()) + " certificates"
                         : std::string(chain.error().name()));
  if (two) chain_ = *std::move(chain);
  parsed(C::kCrlLayout, Crl::from_der(collateral_.vek_crl, X509Profile::kAmdCa), crl_, "a CRL");
  return key && two;
}

bool SnpVerification::vek() {
  if (!parsed(C::kVekExtensions, parse_vek_extensions(*vek_), extensions_, "AMD's extensions"))
    return false;
  const SnpReport& r = *report_;
  const std::optional<SnpProduct> by_report =
      r.cpu.has_value() ? product_of(*r.cpu) : extensions_->product;
  const bool product =
      mark(C::kVekProduct, extensions_->product.has_value() && extensions_->product == by_report,
           by_report.has_value() ? std::string(name_of(*by_report)) : "Milan, Genoa or Turin",
           extensions_->product_name);
  const bool role =
      mark(C::kVekRole, vek_kind(*vek_) == r.signing_key,
           r.signing_key == SnpSigningKey::kVlek ? "SEV-VLEK" : "SEV-VCEK", vek_->common_name());
  if (product) product_ = *by_report;
  return product && role;
}

std::span<const Sha256Digest> SnpVerification::pinned() const {
  switch (product_) {
    case SnpProduct::kMilan:
      return roots_.amd_milan;
    case SnpProduct::kGenoa:
      return roots_.amd_genoa;
    case SnpProduct::kTurin:
      return roots_.amd_turin;
  }
  return {};
}

// Everything but the dates has to hold before anything the chain's keys signed is looked at.
bool SnpVerification::chain() {
  const std::string product(name_of(product_));
  const std::string ca_name =
      (report_->signing_key == SnpSigningKey::kVlek ? "SEV-VLEK-" : "SEV-") + product;
  const std::string ark_name = "ARK-" + product;
  const bool names =
      mark(C::kChainNames,
           ca().common_name() == ca_name && ark().common_name() == ark_name &&
               vek_->names_issuer(ca()) && ca().names_issuer(ark()) && ark().names_issuer(ark()),
           "one issued by " + ca_name + " / " + ca_name + " / " + ark_name,
           "one issued by " + vek_->issuer_name() + " / " + ca().common_name() + " / " +
               ark().common_name());
  const bool constraints = holds(
      C::kChainConstraints,
      ca().is_ca() && ark().is_ca() && ark().may_sign_crls() && ark().path_len().value_or(1) >= 1,
      "CA, CA", "one that is no CA, or none for this use");
  const auto roots = pinned();
  const bool root =
      mark(C::kChainRoot, std::find(roots.begin(), roots.end(), ark().spki_hash()) != roots.end(),
           roots.empty() ? "none" : to_hex(roots.front()), to_hex(ark().spki_hash()));
  const bool signatures = holds(
      C::kChainSignatures, ark().signed_by(ark()) && ca().signed_by(ark()) && vek_->signed_by(ca()),
      "valid", "invalid");
  in_force(C::kChainValidity, std::max({vek_->not_before(), ca().not_before(), ark().not_before()}),
           std::min({vek_->not_after(), ca().not_after(), ark().not_after()}));
  return names && constraints && root && signatures;
}

// The ARK's list is the one list there is. VEKs all have the serial number 0, so AMD can revoke one
// only by the CA above it; a list that names 0 all the same revokes whatever has it.
void SnpVerification::crl() {
  if (!crl_.has_value()) return;
  if (!mark(C::kCrlIssuer, crl_->names_issuer(ark()), ark().common_name(), crl_->issuer_name()))
    return;
  holds(C::kCrlSignature, crl_->signed_by(ark()), "valid", "invalid");
  in_force(C::kCrlValidity, crl_->this_update(), crl_->next_update());
  holds(C::kCaNotRevoked, !crl_->lists(ca()) && !crl_->lists(ark()), "not listed", "listed");
  holds(C::kVekNotRevoked, !crl_->lists(*vek_), "not listed", "listed");
}

}  // namespace blindai
