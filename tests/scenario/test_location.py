"""A data file's name leads to a regular file in the scenario's folder, or nowhere."""

import os
from pathlib import Path

import numpy as np
import pytest

from bptui.errors import ScenarioError
from bptui.scenario.data_files import read_array

OUTSIDE = "is not relative to the scenario's folder"
DEVICE = "is a device on Windows"

NAMES = [
    ("", "names no data file"),
    (".", "is not a .npy, .npz or .csv file"),
    ("batch", "is not a .npy, .npz or .csv file"),
    ("batch.pkl", "is not a .npy, .npz or .csv file"),
    ("batch.npy/", "is not a .npy, .npz or .csv file"),
    ("/etc/batch.npy", OUTSIDE),
    ("//server/share/batch.npy", OUTSIDE),
    ("C:/batch.npy", OUTSIDE),
    ("C:batch.npy", OUTSIDE),
    ("file:batch.npy", OUTSIDE),
    ("batch.txt:stream.npy", OUTSIDE),
    ("\\\\server\\share\\batch.npy", "has a backslash"),
    ("data\\batch.npy", "has a backslash"),
    ("../batch.npy", "leads out"),
    ("data/../batch.npy", "leads out"),
    ("data/../../batch.npy", "leads out"),
    ("~/batch.npy", "not expanded"),
    ("~root/batch.npy", "not expanded"),
    ("$HOME/batch.npy", "not expanded"),
    ("${HOME}/batch.npy", "not expanded"),
    ("%USERPROFILE%/batch.npy", "not expanded"),
    ("https://example.org/batch.npy", "is an address"),
    ("file:///etc/batch.npy", "is an address"),
    ("CON.npy", DEVICE),
    ("nul.csv", DEVICE),
    ("data/Com1.npz", DEVICE),
    ("LPT³ .npy", DEVICE),
    ("aux/batch.npy", DEVICE),
    ("batch.npy\0.csv", "control character"),
    ("\x1b[2Jbatch.npy", "control character"),
    ("batch\n.npy", "control character"),
    ("\udc80.npy", "control character"),
    ("b" * 2_000 + ".npy", "2,004 characters"),
    ("b" * 300 + ".npy", "cannot be opened"),
    ("a/" * 400 + "b.npy", "there is no file"),
]


@pytest.mark.parametrize(("name", "told"), NAMES)
def test_a_name_that_leads_elsewhere_is_refused_though_a_file_be_there(name: str, told: str, tmp_path: Path) -> None:
    folder = tmp_path / "scenario"
    folder.mkdir()
    for place in (tmp_path, folder):
        np.save(place / "batch.npy", np.ones(2))
    with pytest.raises(ScenarioError, match=told) as caught:
        read_array(name, folder)
    assert caught.value.where is None, "the scenario is to be mended, and its reader knows where"
    assert caught.value.hint or told == "cannot be opened"
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("name", ["batch.npy", "./batch.npy", "data/batch.npy", "BATCH.NPY", "苹果 1.npy", "con1.npy"])
def test_a_name_in_the_folder_or_below_it_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as stream:
        np.save(stream, np.array([1.5, 2.5]))
    assert read_array(name, tmp_path).tolist() == [1.5, 2.5]


def test_the_folder_may_be_given_relative_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "batch.npy", np.ones(2))
    monkeypatch.chdir(tmp_path)
    assert read_array("batch.npy", type(tmp_path)()).tolist() == [1, 1]


def test_a_link_within_the_folder_is_followed_even_if_the_folder_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    np.save(tmp_path / "real" / "batch.npy", np.ones(2))
    (tmp_path / "real" / "link.npy").symlink_to("batch.npy")
    (tmp_path / "folder").symlink_to("real")
    assert read_array("link.npy", tmp_path / "folder").tolist() == [1, 1]


@pytest.mark.parametrize("target", ["../secret.npy", "/dev/zero", "/dev/tty", "../other"])
def test_a_link_out_of_the_folder_is_refused(target: str, tmp_path: Path) -> None:
    np.save(tmp_path / "secret.npy", np.ones(2))
    (tmp_path / "other").mkdir()
    np.save(tmp_path / "other" / "batch.npy", np.ones(2))
    folder = tmp_path / "scenario"
    folder.mkdir()
    (folder / "link.npy").symlink_to(target)
    name = "link.npy/batch.npy" if target == "../other" else "link.npy"
    with pytest.raises(ScenarioError, match="link out of the scenario's folder"):
        read_array(name, folder)


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npy").symlink_to("b.npy")
    (tmp_path / "b.npy").symlink_to("a.npy")
    with pytest.raises(ScenarioError, match=r"'a.npy' cannot be opened: "):
        read_array("a.npy", tmp_path)


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    (tmp_path / "folder.npz").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ScenarioError, match=r"'folder.npz' is a folder"):
        read_array("folder.npz", tmp_path)
    with pytest.raises(ScenarioError, match=r"'pipe.csv' is not a regular file"):
        read_array("pipe.csv", tmp_path)


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "batch.npy", np.ones(2))
    with pytest.raises(ScenarioError, match=r"cannot be opened: Not a directory"):
        read_array("batch.npy/x.npy", tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "batch.npy", np.ones(2))
    (tmp_path / "batch.npy").chmod(0)
    with pytest.raises(ScenarioError, match="cannot be read: Permission denied"):
        read_array("batch.npy", tmp_path)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("btach.npz", "did you mean 'batch.npz'?"),
        ("Labels.csv", "did you mean 'labels.csv'?"),
        ("weights.npy", "its folder has batch.npz, labels.csv"),
        ("nowhere/batch.npz", "a data file lies beside the scenario, or in a folder below"),
    ],
)
def test_a_missing_file_is_answered_with_what_is_there(name: str, hint: str, tmp_path: Path) -> None:
    for there in ("batch.npz", "labels.csv", "notes.txt"):
        (tmp_path / there).touch()
    with pytest.raises(ScenarioError, match="there is no file") as caught:
        read_array(name, tmp_path)
    assert caught.value.hint == hint
