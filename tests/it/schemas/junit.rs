//! JUnit XML against the schema of Jenkins' xunit plugin (`junit-10.xsd`), written down as a table: the validators of XML schemas that there are want a C
//! library, and the schema says this little of the elements that we write.

/// What the schema says of an element: required attributes, others, children, and whether it has text.
type Rule = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
    bool,
);

const JUNIT: [Rule; 10] = [
    (
        "testsuites",
        &[],
        &["name", "time", "tests", "failures", "errors"],
        &["testsuite"],
        false,
    ),
    (
        "testsuite",
        &["name", "tests", "failures", "errors"],
        &[
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
        ],
        &[
            "testsuite",
            "properties",
            "testcase",
            "system-out",
            "system-err",
        ],
        false,
    ),
    ("properties", &[], &[], &["property"], false),
    ("property", &["name", "value"], &[], &[], false),
    (
        "testcase",
        &["name"],
        &["time", "classname", "group"],
        &["skipped", "error", "failure", "system-out", "system-err"],
        false,
    ),
    ("failure", &[], &["type", "message"], &[], true),
    ("error", &[], &["type", "message"], &[], true),
    ("skipped", &[], &["type", "message"], &[], true),
    ("system-out", &[], &[], &[], true),
    ("system-err", &[], &[], &[], true),
];

/// What the schema has to say against a document.
pub(super) fn faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let document = roxmltree::Document::parse(text).expect("well-formed");
    let root = document.root_element().tag_name().name();
    if root != "testsuites" {
        faults.push(format!("the root is <{root}>"));
    }
    let time = regex::Regex::new(r"^(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?$");
    let time = time.expect("a pattern");
    for element in document.descendants().filter(roxmltree::Node::is_element) {
        let name = element.tag_name().name();
        let Some(rule) = JUNIT.iter().find(|rule| rule.0 == name) else {
            faults.push(format!("<{name}>"));
            continue;
        };
        let (_, required, optional, children, has_text) = rule;
        for attribute in element.attributes() {
            let (key, value) = (attribute.name(), attribute.value());
            if !required.contains(&key) && !optional.contains(&key) {
                faults.push(format!("{key} of <{name}>"));
            }
            if key == "time" && !time.is_match(value) {
                faults.push(format!("time=\"{value}\""));
            }
        }
        let missing = required.iter().filter(|key| !element.has_attribute(**key));
        faults.extend(missing.map(|key| format!("<{name}> without {key}")));
        for child in element.children() {
            let tag = child.tag_name().name();
            let text = child.text().filter(|_| child.is_text()).unwrap_or_default();
            if child.is_element() && !children.contains(&tag) {
                faults.push(format!("<{tag}> in <{name}>"));
            } else if !has_text && !text.trim().is_empty() {
                faults.push(format!("{text:?} in <{name}>"));
            }
        }
    }
    faults
}

#[test]
fn what_the_schema_forbids_is_noticed() {
    let suite = |of: &str, inside: &str| {
        let text = format!("<testsuites><testsuite {of}>{inside}</testsuite></testsuites>");
        faults(&text)
    };
    let whole = "name='a' tests='1' errors='0' failures='0'";
    let case = "<testcase name='b' time='0.5'><failure message='c'>d</failure></testcase>";
    assert_eq!(suite(whole, case), [""; 0]);
    for (of, inside, fault) in [
        (
            "name='a' tests='1' errors='0'",
            case,
            "<testsuite> without failures",
        ),
        (
            &*format!("{whole} unknown='1'"),
            case,
            "unknown of <testsuite>",
        ),
        (&*format!("{whole} time='soon'"), case, "time=\"soon\""),
        (whole, "<testcase/>", "<testcase> without name"),
        (whole, "<test name='b'/>", "<test>"),
        (
            whole,
            "<testcase name='b'>text</testcase>",
            "\"text\" in <testcase>",
        ),
        (whole, "<failure/>", "<failure> in <testsuite>"),
    ] {
        let faults = suite(of, inside);
        assert!(
            faults.iter().any(|found| found == fault),
            "{fault}: {faults:?}"
        );
    }
    assert_eq!(
        faults("<testsuite name='a' tests='0' errors='0' failures='0'/>"),
        ["the root is <testsuite>"]
    );
}
