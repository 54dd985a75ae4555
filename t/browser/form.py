#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fill in and send the demo's contact form in a headless Chromium.

form.py BASE_URL --js on|off --file PATH --shot OUT.png
        [--name N --email E --subject S --message M]

Starts on the first page and follows its link to the form, checks that every
field has a label, fills in the form, chooses the file, sends, and waits for
the page after it. Prints one JSON object: final_url, title, text, problems
(accessibility, console errors), js (whether scripts ran at all). Exit status 0
if the browser did its part; whether the answer is right is for the caller.
"""
import argparse
import json
import shutil
import sys
import tempfile
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PAGE_SECONDS = 30
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
    "--disable-dev-shm-usage", "--no-first-run",
    "--no-default-browser-check", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--metrics-recording-only", "--mute-audio",
    "--no-proxy-server", "--lang=en-US", "--window-size=1000,1300",
)
SCRIPT_TEST = ("data:text/html,<title>no</title>"
               "<script>document.title='yes'</script>")


def parse_arguments():
    """Return the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("--js", choices=("on", "off"), default="on")
    parser.add_argument("--file")
    parser.add_argument("--shot")
    parser.add_argument("--name", default="J\u00fcrgen \u0141ukasz")
    parser.add_argument("--email", default="juergen@visitor.example")
    parser.add_argument("--subject", default="Gr\u00fc\u00dfe \u2116 42")
    parser.add_argument("--message", default="First line\n.\nZ\u00fcrich \u2603")
    return parser.parse_args()


def start_browser(profile, js):
    """Return a browser that keeps everything in the folder profile."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in FLAGS:
        options.add_argument(flag)
    options.add_argument("--user-data-dir=" + profile)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if js == "off":
        options.add_experimental_option("prefs", {
            "profile.managed_default_content_settings.javascript": 2})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"),
                              options=options)
    driver.set_page_load_timeout(PAGE_SECONDS)
    return driver


def unlabelled(driver):
    """Return what is wrong with the labels of the form's fields."""
    wrong = []
    fields = driver.find_elements(By.CSS_SELECTOR, "input, textarea, select")
    for field in fields:
        if field.get_attribute("type") in ("hidden", "submit", "button"):
            continue
        name = field.get_attribute("name") or "?"
        ident = field.get_attribute("id")
        labels = ident and driver.find_elements(
            By.CSS_SELECTOR, 'label[for="%s"]' % ident)
        if not labels or not labels[0].text.strip():
            wrong.append("field %s has no label" % name)
        elif not field.accessible_name:
            wrong.append("field %s has no accessible name" % name)
    if not fields:
        wrong.append("the page has no form fields")
    return wrong


def fill_in(driver, args):
    """Fill in the form and send it, as a person would."""
    for name in ("name", "email", "subject", "message"):
        field = driver.find_element(By.NAME, name)
        field.clear()
        field.send_keys(getattr(args, name))
    if args.file:
        driver.find_element(By.NAME, "file").send_keys(args.file)
    driver.find_element(
        By.CSS_SELECTOR, "form button[type=submit], form input[type=submit]"
    ).click()


def outcome(driver):
    """Return true when the answer to the form is on the screen."""
    if not urlsplit(driver.current_url).path.endswith("/contact.html"):
        return bool(driver.find_elements(By.CSS_SELECTOR, "h1"))
    notes = driver.find_elements(By.CSS_SELECTOR, "[role=status], .problem")
    return any(note.text.strip() for note in notes)


def run(driver, args):
    """Return the JSON object described above."""
    result = {"problems": []}
    driver.get(SCRIPT_TEST)
    result["js"] = driver.title == "yes"
    driver.get(args.base)
    links = driver.find_elements(By.CSS_SELECTOR, 'a[href$="/contact.html"]')
    if not links:
        result["problems"].append("the first page does not link to the form")
        driver.get(args.base.rstrip("/") + "/contact.html")
    else:
        links[-1].click()
    WebDriverWait(driver, PAGE_SECONDS).until(
        lambda d: d.find_elements(By.NAME, "message"))
    result["problems"] += unlabelled(driver)
    fill_in(driver, args)
    try:
        # The page may be replaced while it is being looked at.
        WebDriverWait(driver, PAGE_SECONDS, ignored_exceptions=(
            WebDriverException,)).until(outcome)
    except TimeoutException:
        result["problems"].append("no answer within the time limit")
    if args.shot:
        driver.save_screenshot(args.shot)
    for entry in driver.get_log("browser"):
        if entry["level"] == "SEVERE":
            result["problems"].append(entry["message"])
    result["final_url"] = driver.current_url
    result["title"] = driver.title
    result["text"] = driver.find_element(By.TAG_NAME, "body").text
    return result


def main():
    """Run as a program."""
    args = parse_arguments()
    profile = tempfile.mkdtemp(prefix="smtpc-browser-")
    driver = None
    try:
        driver = start_browser(profile, args.js)
        json.dump(run(driver, args), sys.stdout)
        sys.stdout.write("\n")
    except WebDriverException as error:
        sys.exit("form.py: %s" % error)
    finally:
        if driver is not None:
            driver.quit()
        shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    main()
