#include "lib/measure/measure.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

MeasuredFile file(std::string name, std::string_view content) {
  FileMeasurer out(std::move(name));
  out.update(as_bytes(content));
  return out.finish();
}

Sha256Digest measured(std::vector<MeasuredFile> files) {
  return measurement_of(std::move(files)).value();
}

std::string error_of(std::vector<MeasuredFile> files) {
  const auto manifest = measurement_manifest(std::move(files));
  return manifest.has_value() ? "" : std::string(manifest.error().name());
}

// The expected value was made with sha256sum from the manifest below.
TEST(Measure, IsWhatSha256sumSays) {
  const std::vector<MeasuredFile> files = {file("c", "abc"), file("b", "")};
  EXPECT_EQ(measurement_manifest(files).value(),
            "blindai-measurement 1\n"
            "b 0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
            "c 3 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n");
  EXPECT_EQ(to_hex(measured(files)),
            "0914dc07cd4d836b70db55e895c3ac2a663f48097b4f8bd3822f15a7285b56b9");
}

TEST(Measure, IsFollowedByZerosWhereThereIsMoreRoom) {
  const Sha256Digest measurement = sha256(as_bytes("programs"));
  EXPECT_EQ(to_hex(wide_measurement(measurement)), to_hex(measurement) + std::string(32, '0'));
}

// The expected value was made with sha256sum from the text.
TEST(Measure, ASimulatedTrustDomainsRegistersAreAlwaysTheSame) {
  const auto rtmrs = simulated_rtmrs();
  EXPECT_EQ(to_hex(rtmrs[0]), "4321fef25293e692fc5ff90480c299512d02da6be091290d56a3c977c93e5edf" +
                                  std::string(32, '0'));
  EXPECT_NE(rtmrs[1], rtmrs[0]);
  EXPECT_NE(rtmrs[2], rtmrs[1]);
  EXPECT_EQ(rtmrs[3], ByteArray<48>{});
}

TEST(Measure, DoesNotDependOnOrderOrPieces) {
  FileMeasurer pieces("blindai-server");
  for (const char* piece : {"on", "", "e"}) pieces.update(as_bytes(piece));
  const MeasuredFile server = pieces.finish();
  EXPECT_EQ(server, file("blindai-server", "one"));
  const MeasuredFile worker = file("blindai-worker", "two");
  EXPECT_EQ(measured({server, worker}), measured({worker, server}));
}

TEST(Measure, ChangesWithEveryByteOfEveryFile) {
  const std::string contents[] = {"server program", "worker program", "library"};
  const auto measure_all = [&](size_t changed, size_t at) {
    std::vector<MeasuredFile> files;
    for (size_t i = 0; i < std::size(contents); ++i) {
      std::string content = contents[i];
      if (i == changed) content[at] = static_cast<char>(content[at] ^ 1);
      files.push_back(file(std::string(kMeasuredPrograms[i]), content));
    }
    return measured(files);
  };
  const Sha256Digest original = measure_all(SIZE_MAX, 0);
  for (size_t i = 0; i < std::size(contents); ++i)
    for (size_t at = 0; at < contents[i].size(); ++at) EXPECT_NE(measure_all(i, at), original);
}

TEST(Measure, ChangesWithNamesAndWithTheSet) {
  const MeasuredFile a = file("a", "x"), b = file("b", "x");
  EXPECT_NE(measured({a}), measured({b}));
  EXPECT_NE(measured({a, b}), measured({a}));
  EXPECT_NE(measured({file("a", "x"), file("b", "y")}), measured({file("a", "y"), file("b", "x")}));
}

TEST(Measure, RefusesWhatCouldBeReadTwoWays) {
  EXPECT_EQ(error_of({}), "measure.empty");
  EXPECT_EQ(error_of({file("a", "x"), file("a", "y")}), "measure.duplicate");
  for (const char* name : {"", "a b", "a\nb", "A", "a/b", "\xc3\xa4"})
    EXPECT_EQ(error_of({file(name, "x")}), "measure.name") << name;
  EXPECT_EQ(error_of({file(std::string(65, 'a'), "x")}), "measure.name");
  EXPECT_EQ(error_of({file(std::string(64, 'a'), "x")}), "");
}

}  // namespace
}  // namespace blindai
