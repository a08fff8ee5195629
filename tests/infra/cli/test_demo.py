from infra.cli.demo import CUSTOMERS


def test_at_least_25_customers_by_default():
    assert CUSTOMERS >= 25


def test_too_many_customers_are_refused_with_the_range(segue):
    answer = segue("demo", "--customers", "5000")
    assert answer.exit_code == 2
    assert "1 to 1000" in answer.stderr


def test_a_broken_journey_prints_its_faults_before_anything_runs(segue, tmp_path):
    (tmp_path / "policy.yaml").write_text("brand: {name: 3}\n")
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "journey.yaml").write_text("journey: hello\nsteps: 7\n")
    answer = segue("demo", "--journeys", str(tmp_path), "--report", str(tmp_path / "report.html"))
    assert answer.exit_code == 1
    assert f"{tmp_path / 'hello' / 'journey.yaml'}:" in answer.stdout
    assert "Traceback" not in answer.output
    assert not (tmp_path / "report.html").exists()


def test_a_folder_that_is_not_there_is_unusable(segue, tmp_path):
    assert segue("demo", "--journeys", str(tmp_path / "nowhere")).exit_code == 2


def test_runs_and_writes_the_report(segue, tmp_path):
    report = tmp_path / "build" / "report.html"
    answer = segue("demo", "--customers", "1", "--report", str(report))
    assert answer.exit_code == 0, answer.output
    assert "events" in answer.stdout
    assert "quarantined" in answer.stdout
    assert str(report) in answer.stdout.replace("\n", "")
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")
