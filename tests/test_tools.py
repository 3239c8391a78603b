"""The checks of this repository find what they are for; the last line of ./dev test adds up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import check_sources
import sides
import trusted_base

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The real rules with no sources."""
    (tmp_path / "cmake").mkdir()
    for name in ("Sides.cmake", "ThirdParty.cmake"):
        (tmp_path / "cmake" / name).write_bytes((ROOT / "cmake" / name).read_bytes())
    return tmp_path


def put(repository: Path, file: str, text: str) -> str:
    path = repository / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return file


class TestIncludes:
    @pytest.mark.parametrize(
        ("file", "line", "said"),
        [
            ("lib/a/a.cc", '#include "net/b.h"', "lib includes net/b.h of net"),
            ("client/a/a.cc", '#include "enclave/b.h"', "client includes enclave/b.h of enclave"),
            ("enclave/a/a.cc", '#include "cloud/b.h"', "enclave includes cloud/b.h of cloud"),
            ("cloud/a/a.cc", '#include "enclave/b.h"', "cloud includes enclave/b.h of enclave"),
            ("net/a.cc", '#include "tests/b.h"', "net includes tests/b.h of tests"),
            ("net/a.cc", '#include "b.h"', "not a path from the root"),
            ("lib/a/a.cc", "#include <thread>", "which is pure"),
            ("lib/a/a.cc", "#include <sys/socket.h>", "which is pure"),
            ("client/cli/a.cc", "#include <mutex>", "without threads"),
            ("enclave/tee/snp/a.cc", "#include <pthread.h>", "without threads"),
            ("lib/a/a.cc", "auto t = std::chrono::system_clock::now();", "system_clock in lib/"),
            ("net/a.h", "#pragma once\n#include <openssl/ssl.h>", "in a header"),
            ("net/a.h", "#pragma once\n#include <boost/asio.hpp>", "in a header"),
            ("enclave/serve/a.cc", "#include <onnxruntime_c_api.h>", "outside enclave/worker/"),
            ("net/a.h", "int a();", "no #pragma once"),
            ("net/a.h", "#pragma once\nusing namespace std;", "opens a namespace"),
        ],
    )
    def test_finds(self, repository: Path, file: str, line: str, said: str) -> None:
        for header in ("net/b.h", "enclave/b.h", "cloud/b.h", "tests/b.h"):
            put(repository, header, "#pragma once\n")
        problems = check_sources.includes(repository, [put(repository, file, line + "\n")])
        assert len(problems) == 1
        assert said in problems[0]
        assert "->" in problems[0]

    def test_accepts(self, repository: Path) -> None:
        put(repository, "lib/b/b.h", "#pragma once\n")
        put(repository, "enclave/b.h", "#pragma once\n")
        files = [
            put(repository, "lib/a/a.cc", '#include <vector>\n#include "lib/b/b.h"\n'),
            put(repository, "lib/a/a_test.cc", "#include <thread>\n"),
            put(repository, "client/a/a.cc", '#include <thread>\n#include "lib/b/b.h"\n'),
            put(repository, "client/cli/a_test.cc", "#include <thread>\n"),
            put(repository, "enclave/tee/kernel/a.cc", "#include <thread>\n"),
            put(repository, "tests/a.cc", '#include "enclave/b.h"\n'),
            put(repository, "enclave/worker/a.cc", "#include <onnxruntime_c_api.h>\n"),
            put(repository, "net/a.cc", "#include <openssl/ssl.h>\n#include <boost/asio.hpp>\n"),
        ]
        assert check_sources.includes(repository, files) == []

    def test_sources_of_tests_alone_are_tests(self, repository: Path) -> None:
        put(repository, "enclave/b.h", "#pragma once\n")
        listing = """
            blindai_module(client/cpp SOURCES a.cc)
            set(tests a_test.cc)
            list(APPEND tests lying.cc ${PROJECT_SOURCE_DIR}/client/cli/liar.cc)
            blindai_test(client/cpp SOURCES ${tests} a.cc)
            """
        put(repository, "client/cpp/CMakeLists.txt", listing)
        lying = put(repository, "client/cpp/lying.h", '#pragma once\n#include "enclave/b.h"\n')
        shipped = put(repository, "client/cpp/a.cc", '#include "client/cpp/lying.h"\n')
        liar = put(repository, "client/cli/liar.cc", '#include "enclave/b.h"\n')
        (problem,) = check_sources.includes(repository, [lying, liar, shipped])
        assert problem.startswith("client/cpp/a.cc:1: client includes client/cpp/lying.h of tests")


class TestPlainSuites:
    SOURCE = "TEST_F(Full, All) {}\nTEST(Less, Some) {\n  if (kUnderSanitizer) return;\n}\n"

    def said(self, repository: Path, listing: str, source: str = SOURCE) -> list[str]:
        put(repository, "lib/a/CMakeLists.txt", listing)
        file = put(repository, "lib/a/a_test.cc", source)
        return check_sources.plain_suites(repository, [file])

    def test_accepts(self, repository: Path) -> None:
        listing = "blindai_test(lib/a SOURCES a_test.cc\n  PLAIN Less)\n"
        assert self.said(repository, listing) == []

    def test_finds_one_that_is_not_listed(self, repository: Path) -> None:
        (problem,) = self.said(repository, "blindai_test(lib/a SOURCES a_test.cc)\n")
        assert problem.startswith("lib/a/a_test.cc: Less does less")

    def test_finds_all_that_use_what_is_before_them(self, repository: Path) -> None:
        source = "constexpr int kStep = kUnderSanitizer ? 7 : 1;\n" + self.SOURCE
        listing = "blindai_test(lib/a SOURCES a_test.cc PLAIN Less)\n"
        (problem,) = self.said(repository, listing, source)
        assert problem.startswith("lib/a/a_test.cc: Full does less")

    def test_finds_one_that_is_gone(self, repository: Path) -> None:
        (problem,) = self.said(repository, "blindai_test(lib/a PLAIN Less\n  Gone)\n")
        assert problem.startswith("lib/a/CMakeLists.txt: PLAIN lists Gone")


class TestWords:
    @pytest.mark.parametrize(
        "line",
        [
            "// TO" + "DO: later",
            "FIX" + "ME",
            "path = '/ho" + "me/someone/x'",
            "cd /wo" + "rk/main",
            "index = https://py" + "pi.org/simple",
            "resolved: https://registry.npm" + "js.org/a",
        ],
    )
    def test_finds(self, tmp_path: Path, line: str) -> None:
        problems = check_sources.words(tmp_path, [put(tmp_path, "a.txt", f"fine\n{line}\n")])
        assert len(problems) == 1
        assert problems[0].startswith("a.txt:2: ")

    @pytest.mark.parametrize(
        "line",
        [
            "deb http://deb.deb" + "ian.org/debian trixie main",
            "worker/home/root are words",
            "$ROOT/work/x",
            "a network is no/work/of ours",
        ],
    )
    def test_accepts(self, tmp_path: Path, line: str) -> None:
        assert check_sources.words(tmp_path, [put(tmp_path, "a.txt", line + "\n")]) == []


class TestSides:
    def test_reads_the_build_files(self) -> None:
        may = sides.may_use(ROOT)
        assert may["lib"] == {"lib"}
        assert may["client"] == {"lib", "net", "client"}
        libraries = sides.third_party(ROOT)
        assert libraries["openssl"] == ["lib", "net"]
        assert libraries["onnxruntime"] == ["enclave"]
        assert libraries["gtest"] == ["tests"]


class TestLinesOfCode:
    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("", 0),
            ("int a;\n\n// only words\nint b;  // words\n", 2),
            ("/* one\n two */ int a;\n", 1),
            ('auto s = "// not a comment"; int a;\n', 1),
            ('auto s = R"(\n// text\n)";\n', 3),
        ],
    )
    def test_counts(self, text: str, count: int) -> None:
        assert trusted_base.lines_of_code(text) == count


class TestTally:
    CTEST = '<testsuite><testcase name="{}" status="{}">{}</testcase></testsuite>'

    def run(self, results: Path) -> subprocess.CompletedProcess[str]:
        program = ROOT / "tools/dev/tally.py"
        return subprocess.run(
            [sys.executable, str(program), str(results)],
            check=False,
            capture_output=True,
            text=True,
        )

    def reports(self, results: Path, ctest: str, gtest: str | None) -> Path:
        put(results, "check.junit", '<testsuite><testcase name="format"/></testsuite>')
        put(
            results,
            "python.junit",
            '<testsuite><testcase name="a"/><testcase name="b"><skipped message="no shared"/>'
            "</testcase></testsuite>",
        )
        put(results, "dev/ctest.junit", ctest)
        if gtest is not None:
            put(results, "dev/lib-base_test.xml", gtest)
        return results

    def test_adds_up(self, tmp_path: Path) -> None:
        gtest = (
            '<testsuites><testsuite><testcase name="A" status="run" result="completed"/>'
            '<testcase name="B" status="run"><skipped message="f.cc:3&#10;no vectors"/></testcase>'
            "</testsuite></testsuites>"
        )
        done = self.run(
            self.reports(tmp_path, self.CTEST.format("lib-base_test", "run", ""), gtest)
        )
        assert done.stdout.splitlines()[-1] == "3 passed, 0 failed, 2 skipped"
        assert "no vectors" in done.stdout
        assert "no shared" in done.stdout
        assert done.returncode == 0

    def test_a_program_that_crashed_has_failed(self, tmp_path: Path) -> None:
        crashed = self.CTEST.format("lib-base_test", "fail", '<failure message="SEGFAULT"/>')
        done = self.run(self.reports(tmp_path, crashed, None))
        assert done.stdout.splitlines()[-1] == "2 passed, 1 failed, 1 skipped"
        assert done.returncode == 1

    def test_a_program_that_was_not_built_has_failed(self, tmp_path: Path) -> None:
        absent = '<skipped message="Unable to find executable"/>'
        ctest = self.CTEST.format("lib-base_test", "notrun", absent)
        done = self.run(self.reports(tmp_path, ctest, None))
        assert done.stdout.splitlines()[-1] == "2 passed, 1 failed, 1 skipped"
        assert done.returncode == 1

    def test_says_why_a_case_failed(self, tmp_path: Path) -> None:
        gtest = (
            '<testsuites><testsuite><testcase name="A" classname="T" status="run">'
            '<failure message="f.cc:3&#10;Expected: 4&#10;  got: 5"/></testcase>'
            "</testsuite></testsuites>"
        )
        done = self.run(
            self.reports(tmp_path, self.CTEST.format("lib-base_test", "fail", "<failure/>"), gtest)
        )
        assert done.returncode == 1
        told = done.stdout.split("FAILED   ")[1].splitlines()
        assert told[0] == "dev lib-base_test: T.A"
        assert [line.strip() for line in told[1:4]] == ["f.cc:3", "Expected: 4", "got: 5"]

    def test_a_preset_that_was_not_built_has_failed(self, tmp_path: Path) -> None:
        results = self.reports(tmp_path, self.CTEST.format("fuzz_a", "run", ""), None)
        (results / "asan").mkdir()
        done = self.run(results)
        assert "FAILED   asan\n           no readable report" in done.stdout
        assert done.stdout.splitlines()[-1] == "3 passed, 1 failed, 1 skipped"

    def test_a_leak_after_the_last_test_has_failed(self, tmp_path: Path) -> None:
        leaked = self.CTEST.format("lib-base_test", "fail", '<failure message="leak"/>')
        gtest = '<testsuites><testsuite><testcase name="A"/></testsuite></testsuites>'
        done = self.run(self.reports(tmp_path, leaked, gtest))
        assert done.stdout.splitlines()[-1] == "3 passed, 1 failed, 1 skipped"
        assert done.returncode == 1

    def test_a_suite_without_a_report_has_failed(self, tmp_path: Path) -> None:
        results = self.reports(tmp_path, self.CTEST.format("fuzz_a", "run", ""), None)
        (results / "python.junit").unlink()
        done = self.run(results)
        assert "python.junit\n           the suite ended before it wrote its" in done.stdout
        assert done.returncode == 1
