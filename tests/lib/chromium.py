# SPDX-License-Identifier: ISC
"""A headless Chromium with a profile of its own that is gone afterwards.

    with Browser(javascript=False, language="de") as browser:
        browser.get(url)
        browser.violations()        what the content security policies have stopped

$OSTIARY_SHOTS names a folder for screenshots of every page; without it none are taken.
"""

import os
import pathlib
import shutil
import tempfile

from selenium import webdriver
from selenium.common.exceptions import (NoSuchElementException, StaleElementReferenceException,
                                        TimeoutException, WebDriverException)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

CHROMEDRIVER = "/usr/bin/chromedriver"
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1")
PHONE, DESKTOP = (390, 844), (1280, 900)


class Browser:
    """What tests ask of a browser; .driver has the rest."""

    def __init__(self, javascript=True, language="en", cookies=True):
        self._profile = tempfile.mkdtemp(prefix="ostiary-browser-")
        options = webdriver.ChromeOptions()
        for flag in (*FLAGS, f"--user-data-dir={self._profile}", f"--accept-lang={language}"):
            options.add_argument(flag)
        preferences = {"intl.accept_languages": language,
                       "credentials_enable_service": False,
                       "profile.password_manager_leak_detection": False}
        if not javascript:
            preferences["profile.managed_default_content_settings.javascript"] = 2
        if not cookies:
            preferences["profile.managed_default_content_settings.cookies"] = 2
        options.add_experimental_option("prefs", preferences)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        try:
            self.driver = webdriver.Chrome(service=Service(CHROMEDRIVER), options=options)
        except Exception:
            shutil.rmtree(self._profile, ignore_errors=True)
            raise
        self.driver.set_page_load_timeout(20)
        self._log = []

    def close(self):
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- pages ---------------------------------------------------------------------------------

    def get(self, url):
        self.driver.get(url)

    @property
    def url(self):
        return self.driver.current_url

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector="body"):
        return self.one(selector).text

    def wait(self, condition, what, seconds=10):
        """The first true value of condition(browser). Elements may come and go meanwhile."""
        wait = WebDriverWait(self.driver, seconds, 0.02, (NoSuchElementException,
                                                          StaleElementReferenceException))
        try:
            return wait.until(lambda _: condition(self))
        except TimeoutException as error:
            raise AssertionError(f"{what}: did not happen at {self.url}: "
                                 f"{self.text()[:500]}") from error

    def wait_for(self, selector, seconds=10):
        """The first displayed element."""
        return self.wait(lambda b: next((e for e in b.all(selector) if e.is_displayed()), None),
                         f"waited for {selector}", seconds)

    def press(self, action):
        """Presses the button of a page of ours and waits for what comes."""
        before = self.one("html")
        self.one(f'button[name="action"][value="{action}"]').click()
        self.wait(lambda b: not b.same(before), f"pressed {action}")

    def same(self, element):
        """Whether the page of this element is still shown."""
        try:
            element.is_enabled()
            return True
        except WebDriverException:
            return False

    def sign_in(self, user, password=None):
        self.one("#username").clear()
        self.one("#username").send_keys(user["username"])
        self.one("#password").send_keys(password or user["password"])
        self.press("signin")

    def console(self):
        """Everything the console has said so far."""
        self._log += self.driver.get_log("browser")
        return [entry["message"] for entry in self._log]

    def violations(self):
        return [line for line in self.console()
                if "Content Security Policy" in line or "Refused to" in line]

    # -- looks ---------------------------------------------------------------------------------

    def size(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def scheme(self, name):
        """light or dark."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": name},
                         {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def shoot(self, name):
        """Pictures of this page on a phone and a desktop, light and dark."""
        folder = os.environ.get("OSTIARY_SHOTS")
        if not folder:
            return
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            self.scheme(scheme)
            for device, size in (("phone", PHONE), ("desktop", DESKTOP)):
                self.size(*size)
                self.driver.save_screenshot(f"{folder}/{name}-{device}-{scheme}.png")
        self.scheme("light")
        self.size(*DESKTOP)
