//! The page as a person uses it: what can be pressed and clicked, and what can be read. The one place that knows the page's hooks by name,
//! beside the tests of single views.

use std::time::Duration;

use serde_json::{Value, json};

use crate::driver::Browser;

/// Long enough for a busy machine; whatever has a limit of its own measures it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The explorer's page in a browser.
pub(crate) struct Page<'b, 'd> {
    pub(crate) browser: &'b Browser<'d>,
}

impl<'b, 'd> Page<'b, 'd> {
    /// Opens it, and waits until a state is shown.
    pub(crate) fn open(browser: &'b Browser<'d>, url: &str) -> Self {
        browser.open(url);
        let page = Page { browser };
        page.ready();
        page
    }

    /// Waits until a path, its diagram if that is the view, and the state at its position are shown.
    pub(crate) fn ready(&self) {
        self.wait(
            "a path and its state are shown",
            "document.querySelector('#app[data-ready]')
             && document.querySelector('#app').dataset.at === document.querySelector('[data-state-at]').dataset.stateAt
             && (document.querySelector('[data-tab=spacetime][aria-selected=true]') === null || document.querySelector('[data-diagram][aria-busy=false]') !== null)",
            &[],
        );
    }

    /// Waits until what the whole check says is shown.
    pub(crate) fn checked(&self) {
        self.wait_for(".top [data-run=done]");
    }

    /// Waits until an expression over `args` is truthy, and gives its value.
    pub(crate) fn wait(&self, what: &str, expression: &str, arguments: &[Value]) -> Value {
        let found = self.browser.until(expression, arguments, PATIENCE);
        found.unwrap_or_else(|| panic!("it never comes to this: {what}; {}", self.summary()))
    }

    /// Waits until there is an element.
    pub(crate) fn wait_for(&self, selector: &str) {
        let there = "document.querySelector(args[0]) !== null";
        self.wait(selector, there, &[json!(selector)]);
    }

    /// Waits until there is no such element.
    pub(crate) fn wait_without(&self, selector: &str) {
        let gone = "document.querySelector(args[0]) === null";
        self.wait(&format!("no {selector}"), gone, &[json!(selector)]);
    }

    /// What is shown, for messages.
    fn summary(&self) -> String {
        let said = self.browser.run(
            "const app = document.querySelector('#app');
             const texts = ['.top .badge', '.headline', '.notices', 'output', '.boot'].map((one) => document.querySelector(one)?.innerText);
             return JSON.stringify({ url: location.href.slice(0, 300), ...app?.dataset, texts }).slice(0, 1500);",
            &[],
        );
        said.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page is at a position, its state included.
    pub(crate) fn wait_at(&self, at: usize) {
        let there = "document.querySelector('#app').dataset.at === args[0]
             && document.querySelector('[data-region=state][aria-busy=false] [data-state-at]').dataset.stateAt === args[0]";
        self.wait(&format!("position {at}"), there, &[json!(at.to_string())]);
    }

    /// Presses keys, one after the other.
    pub(crate) fn press(&self, keys: &str) {
        self.browser.press(keys);
    }

    /// An attribute of the first element of a selector.
    pub(crate) fn attribute(&self, selector: &str, name: &str) -> String {
        let body = "return document.querySelector(arguments[0])?.getAttribute(arguments[1])";
        let value = self.browser.run(body, &[json!(selector), json!(name)]);
        let value = value.as_str();
        let value = value.unwrap_or_else(|| panic!("no {selector} with {name}"));
        value.to_owned()
    }

    /// An attribute of all elements of a selector, in order.
    pub(crate) fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let body = "return [...document.querySelectorAll(arguments[0])].map((one) => one.getAttribute(arguments[1]) ?? '')";
        let values = self.browser.run(body, &[json!(selector), json!(name)]);
        let values = values.as_array().expect("a list").iter();
        let values = values.map(|value| value.as_str().expect("a text").to_owned());
        values.collect()
    }

    /// How many elements a selector has.
    pub(crate) fn count(&self, selector: &str) -> usize {
        let body = "return document.querySelectorAll(arguments[0]).length";
        let n = self.browser.run(body, &[json!(selector)]);
        n.as_u64().expect("a number") as usize
    }

    /// The text of the first element of a selector, as it is seen.
    pub(crate) fn text(&self, selector: &str) -> String {
        let body = "return document.querySelector(arguments[0])?.innerText";
        let text = self.browser.run(body, &[json!(selector)]);
        let text = text.as_str();
        text.unwrap_or_else(|| panic!("no {selector}")).to_owned()
    }

    /// The position.
    pub(crate) fn at(&self) -> usize {
        let at = self.attribute("#app", "data-at");
        at.parse().expect("a position")
    }

    /// The name of the path.
    pub(crate) fn path(&self) -> String {
        self.attribute("#app", "data-path")
    }

    /// Waits until another path is shown, and gives its name.
    pub(crate) fn wait_path(&self, path: &str) {
        let there = "document.querySelector('#app').dataset.path === args[0]";
        self.wait(&format!("the path {path}"), there, &[json!(path)]);
        self.ready();
    }

    /// How many steps the path has.
    pub(crate) fn n_steps(&self) -> usize {
        let said = self.text("[data-position]");
        let (_, n) = said.split_once(" of ").expect("step N of M");
        let digits: String = n.chars().take_while(|c| !c.is_whitespace()).collect();
        let digits = digits.replace(',', "");
        digits.parse().expect("a number of steps")
    }

    /// What a property says at the state that is shown.
    pub(crate) fn now(&self, property: &str) -> String {
        let body = "return [...document.querySelectorAll('[data-property]')].find((one) => one.dataset.property === arguments[0])?.dataset.now";
        let now = self.browser.run(body, &[json!(property)]);
        let now = now.as_str();
        now.unwrap_or_else(|| panic!("{property} is not shown"))
            .to_owned()
    }

    /// What each property says at the state that is shown, and over the run.
    pub(crate) fn verdicts(&self) -> Value {
        self.browser.run(
            "return [...document.querySelectorAll('[data-property]')].map((one) => [one.dataset.property, one.dataset.now, one.dataset.verdict]).sort()",
            &[],
        )
    }

    /// Goes to a position of a path, as a link does.
    pub(crate) fn follow(&self, path: &str, at: usize) {
        self.browser.run(
            "const fields = new URLSearchParams(location.hash.slice(1));
             fields.set('p', arguments[0]);
             fields.set('at', arguments[1]);
             location.hash = fields",
            &[json!(path), json!(at)],
        );
        self.wait_path(path);
        self.wait_at(at);
    }

    /// Goes to a tab.
    pub(crate) fn show(&self, tab: &str) {
        self.browser.click(&format!("[data-tab={tab}]"));
        self.wait_for(&format!("#app[data-tab-shown={tab}]"));
    }

    /// Takes the action of this code.
    pub(crate) fn act(&self, code: &str) {
        let at = self.at();
        let button = format!("[data-action=\"{code}\"]");
        self.wait_for(&button);
        self.browser.click(&button);
        self.wait_at(at + 1);
    }
}
