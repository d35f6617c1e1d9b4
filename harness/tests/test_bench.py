from echolab.bench import merge


def test_documents_become_one_with_all_benchmarks():
    one = {"context": {"host_name": "x"}, "benchmarks": [{"name": "BM_A"}]}
    two = {"context": {"host_name": "x"}, "benchmarks": [{"name": "BM_B"}, {"name": "BM_C"}]}
    assert merge([one, two]) == {
        "context": {"host_name": "x"},
        "benchmarks": [{"name": "BM_A"}, {"name": "BM_B"}, {"name": "BM_C"}],
    }
