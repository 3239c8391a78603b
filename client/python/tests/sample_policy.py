"""A policy for tests that reach no server: none satisfies it."""

TEXT = """\
format = "blindai-policy-1"
tcb_statuses = ["UpToDate"]
advisories = []
configurations = "any"
min_tcb_evaluation_number = 1
max_evidence_age_s = 3600

[sgx]
mr_enclave = ["abababababababababababababababababababababababababababababababab"]
"""
