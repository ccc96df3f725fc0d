"""The exported page in a real browser: keys, mouse, links, themes, and a hostile run."""
import pathlib
import subprocess
import sys
import tempfile

from chromium import Browser

failures = 0


def check(what, ok, more=""):
    global failures
    if not ok:
        failures += 1
    print(f"{'ok    ' if ok else 'FAILED'} {what}{'' if ok else ': ' + repr(more)}")


def same(what, value, expected):
    check(what, value == expected, value)


def main(program, samples):
    browser = Browser()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ikelab-page-"))
    subprocess.run([samples, "[.samples]"], env={"IKELAB_SAMPLES": str(folder)}, check=True, stdout=subprocess.DEVNULL)
    page = folder / "run.html"
    subprocess.run([program, "site-to-site", "--db", folder / "runs.db", "--html", page], check=True, stdout=subprocess.DEVNULL)

    browser.open(f"file://{page}")
    same("the script ran, so the policy lets it", browser.value("document.documentElement.dataset.ready"), "yes")
    same("nothing is explained before something is selected", browser.value("getComputedStyle(document.querySelector('#m1')).display"), "none")
    browser.key("ArrowRight")
    browser.key("ArrowRight")
    browser.key("ArrowRight")
    chosen = browser.value("location.hash")
    check("right arrow goes down the ladder", chosen not in ("", "#m1"), chosen)
    browser.key("ArrowLeft")
    check("left arrow goes back", browser.value("location.hash") != chosen)
    browser.mouse(".ladder a[href='#m3'] .hot", click=True)
    same("a click in the ladder selects message 3", browser.value("location.hash"), "#m3")
    same("and only it is explained", browser.value("[...document.querySelectorAll('.entry')].filter(e => getComputedStyle(e).display !== 'none').map(e => e.id).join()"), "m3")
    check("and it is lit in story and ladder", browser.value("document.querySelectorAll('nav a.on, .ladder a.on').length") >= 2)
    browser.key("ArrowDown")
    browser.key("ArrowDown")
    check("down arrow lights a field and its octets", browser.value("document.querySelectorAll('#m3 tr.lit').length === 1 && document.querySelectorAll('#m3 i.lit').length > 0"))
    browser.key("Escape")
    same("Esc lets go", browser.value("document.querySelectorAll('.lit').length"), 0)
    browser.mouse("#m3 .octets i[data-b='4']")
    check("the mouse over octets lights their field", browser.comes_true("document.querySelectorAll('#m3 tr.lit').length === 1"))
    browser.value("history.back()")
    check("back goes to what was selected before", browser.comes_true("location.hash !== '#m3'"))
    was = browser.value("getComputedStyle(document.body).color")
    browser.key("t")
    check("t changes the theme", browser.value("getComputedStyle(document.body).color") != was)
    browser.key("/")
    for letter in "skeyseed":
        browser.key(letter)
    check("find dims what does not hold the word", browser.value("document.querySelectorAll('.dim').length") > 5)
    check("and leaves what does", browser.value("document.querySelectorAll('nav li li:not(.dim)').length") >= 1)
    browser.key("Escape")
    same("Esc ends the search", browser.value("document.querySelectorAll('.dim').length"), 0)
    browser.value("document.querySelector('#m1 [data-as=c]').click()")
    same("no complaint", browser.complaints(), [])

    hostile = folder / "hostile.html"
    subprocess.run([program, "hostile", "--db", folder / "runs.db", "--html", hostile], check=True, stdout=subprocess.DEVNULL)
    browser.open(f"file://{hostile}")
    check("a hostile run's page opens", browser.value("document.documentElement.dataset.ready") == "yes")
    check("its names are text", "<script>" in browser.value("document.querySelector('.about').textContent"))
    same("and did nothing", browser.value("document.querySelectorAll('script').length + document.querySelectorAll('img').length"), 1)
    check("its title is what was written", browser.value("document.title") != "owned")
    same("no complaint of it", browser.complaints(), [])
    browser.close()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
