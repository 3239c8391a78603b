// The measurement of a set of programs: what stands for MRENCLAVE, MRTD or MEASUREMENT where no
// hardware loads them.
//
//   FileMeasurer server("blindai-server");
//   server.update(piece); ...                   // the caller reads the file
//   Result<Sha256Digest> m = measurement_of({server.finish(), ...});
//
// The manifest it is the SHA-256 of is text that anybody can write with sha256sum:
//   blindai-measurement 1
//   blindai-server 1234 <64 hexadecimal digits>
// docs/formats/measurement.md describes it.   Pure.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/crypto/crypto.h"

namespace blindai {

// The programs whose measurement a simulated server attests, by the names in its manifest:
// everything that sees a model or a tensor.
inline constexpr std::string_view kMeasuredPrograms[] = {"blindai-server", "blindai-worker",
                                                         "libonnxruntime"};

struct MeasuredFile {
  std::string name;
  uint64_t size;  // bytes
  Sha256Digest digest;

  bool operator==(const MeasuredFile&) const = default;
};

// One file whose content arrives in pieces of any size.
class FileMeasurer {
 public:
  explicit FileMeasurer(std::string name) : name_(std::move(name)) {}
  void update(BytesView piece) {
    hash_.update(piece);
    size_ += piece.size();
  }
  // May be called once.
  MeasuredFile finish() { return {std::move(name_), size_, hash_.finish()}; }

 private:
  std::string name_;
  uint64_t size_ = 0;
  Sha256 hash_;
};

// The files in any order. Errors: kInvalid "measure.empty", "measure.name" (not 1 to 64 of a-z,
// 0-9,
// '.', '_', '-'), "measure.duplicate".
Result<std::string> measurement_manifest(std::vector<MeasuredFile> files);

// SHA-256 of the manifest.
Result<Sha256Digest> measurement_of(std::vector<MeasuredFile> files);

// Where a TEE's field for it has 48 bytes, as MRTD and SEV-SNP's MEASUREMENT: the measurement, then
// 16 zeros.
ByteArray<48> wide_measurement(const Sha256Digest& measurement);

// What stands in RTMR 0 to 3 of a simulated trust domain, which loads nothing after its image.
std::array<ByteArray<48>, 4> simulated_rtmrs();

}  // namespace blindai
