// The facts of the simulated platform that its certificate, its documents and its quotes have to
// agree on; and the documents.
#pragma once

#include "enclave/tee/simulation/simulation_faults.h"
#include "lib/attest/evidence.h"
#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/crypto/crypto.h"

namespace blindai {

// Family-model-stepping-platform-custom SKU: no value of Intel's.
inline constexpr ByteArray<6> kSimulationFmspc = {0x00, 0x53, 0x49, 0x4d, 0x00, 0x00};
inline constexpr ByteArray<2> kSimulationPceId = {0x00, 0x00};
// SGX TCB components 1 to 16 of the platform; one above 127, as real ones have.
inline constexpr ByteArray<16> kSimulationComponents = {11, 11, 2, 2, 255, 1, 12, 0,
                                                        0,  0,  0, 0, 0,   0, 0,  0};
inline constexpr uint16_t kSimulationPceSvn = 13;
inline constexpr uint16_t kSimulationQeSvn = 8;
// ISVPRODID of the quoting enclave: SGX's is product 1, TDX's 2.
constexpr uint16_t simulation_qe_product(Tee tee) {
  return tee == Tee::kTdx ? 2 : 1;
}
// ATTRIBUTES: flags then xfrm. The QE's are INIT, MODE64BIT and PROVISION_KEY.
inline constexpr ByteArray<16> kSimulationQeAttributes = {0x15, 0, 0, 0, 0, 0, 0, 0,
                                                          0xe7, 0, 0, 0, 0, 0, 0, 0};
// High enough for a policy's floor that was written for real platforms.
inline constexpr uint32_t kSimulationTcbEvaluation = 1000;

// MRSIGNER of the simulated quoting enclave.
Sha256Digest simulation_qe_signer();

// The instants a signed document, CRL or certificate states.
struct Lifetime {
  Time from;
  Time to;
};

// JSON as PCS API v4 serves it, {"tcbInfo":{...},"signature":"..."} and
// {"enclaveIdentity":{...},"signature":"..."}; the signature is over the inner object's bytes.
// Those of kSgx or kTdx.
Bytes simulation_tcb_info(Tee tee, const SimulationFaults& faults, Lifetime lifetime,
                          const SigningKey& signer);
Bytes simulation_qe_identity(Tee tee, const SimulationFaults& faults, Lifetime lifetime,
                             const SigningKey& signer);

// The value of the PCK certificate's extension 1.2.840.113741.1.13.1.
Bytes simulation_pck_extension(const SimulationFaults& faults);

}  // namespace blindai
