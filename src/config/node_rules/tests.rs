use crate::config::{Config, NodeConfig};
use crate::error::Error;

fn node(rest: &str) -> NodeConfig {
    let text = format!(r#"[{{"id":"home",{rest}}}]"#);
    Config::parse_nodes(&text).unwrap().remove(0)
}

fn judged(rest: &str) -> Result<(), Error> {
    Config { nodes: vec![node(rest)].into(), ..Config::default() }.validate()
}

fn refused(rest: &str) -> String {
    judged(rest).unwrap_err().message().to_owned()
}

fn is_accepted(rest: &str) -> bool {
    judged(rest).is_ok()
}

#[test]
fn a_credential_over_plain_http_to_another_machine_is_refused_by_name() {
    for (credential, field) in [
        (r#""token":"5ecre7""#, "token"),
        (r#""basic":"me:5ecre7""#, "basic"),
        (r#""headers":{"X-Key":"5ecre7"}"#, "headers"),
    ] {
        let told = refused(&format!(r#""api":"http://192.168.1.7:5001",{credential}"#));
        assert!(told.starts_with(&format!("nodes[0]: {field}: node home")), "{told}");
        assert!(told.contains("dangerousPlainHttp") && !told.contains("5ecre7"), "{told}");
        for address in
            ["https://192.168.1.7", "http://127.9.0.1:5001", "http://[::1]:5001", "http://localhost:1"]
        {
            assert!(is_accepted(&format!(r#""api":"{address}",{credential}"#)), "{address}");
        }
        let danger = r#""dangerousPlainHttp":true"#;
        assert!(is_accepted(&format!(r#""api":"http://192.168.1.7:5001",{credential},{danger}"#)));
        // The loopback behind another machine's proxy is that one's; a proxy here is a tunnel, as Tor and `ssh -D` are.
        for (host, proxy, is_fine) in [
            ("127.0.0.1", "proxy.lan", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("abc.onion", "127.0.0.1", true),
            ("abc.onion", "proxy.lan", false),
            ("node.example", "127.0.0.1", false),
        ] {
            let proxied = format!(r#""api":"http://{host}:5001","proxy":"socks5h://{proxy}:9050""#);
            assert_eq!(is_accepted(&format!("{proxied},{credential}")), is_fine, "{proxied}");
        }
    }
    for name in
        ["http://localhost.example", "http://127.0.0.1.example", "http://0.0.0.0:5001", "http://10.0.0.1"]
    {
        assert!(!is_accepted(&format!(r#""api":"{name}","token":"t""#)), "{name}");
    }
}

#[test]
fn a_gateway_elsewhere_gets_headers_but_no_token() {
    let api = r#""api":"https://home.example:5001""#;
    assert!(is_accepted(&format!(r#"{api},"gateway":"http://gateway.example","token":"t""#)));
    let told = refused(&format!(r#"{api},"gateway":"http://gateway.example","headers":{{"X-Key":"v"}}"#));
    assert!(told.contains("headers") && told.contains("(gateway)"), "{told}");
    assert!(!is_accepted(r#""gateway":"http://gateway.example","token":"t""#), "the only address gets it");
}

#[test]
fn a_proxys_password_goes_unencrypted_to_this_machine_only() {
    let api = r#""api":"https://home.example""#;
    for good in [
        "socks5h://me:5ecre7@127.0.0.1:1080",
        "http://me:5ecre7@localhost:3128",
        "socks5h://proxy.example:1080",
    ] {
        assert!(is_accepted(&format!(r#"{api},"proxy":"{good}""#)), "{good}");
    }
    for bad in ["socks5h://me:5ecre7@proxy.example:1080", "http://me:5ecre7@10.0.0.1:3128"] {
        let told = refused(&format!(r#"{api},"proxy":"{bad}""#));
        assert!(
            told.contains("proxy") && told.contains("dangerousPlainHttp") && !told.contains("5ecre7"),
            "{told}"
        );
    }
    for wrong in
        ["socks5://127.0.0.1:1080", "https://127.0.0.1", "5ecre7", "http://5ecre7@h/path", "socks5h://"]
    {
        let told = refused(&format!(r#"{api},"proxy":"{wrong}""#));
        assert!(told.contains("proxy: a URL of socks5h:// or http://") && !told.contains("5ecre7"), "{told}");
    }
}

#[test]
fn what_does_not_fit_together_is_named() {
    let api = r#""api":"https://home.example""#;
    for (rest, words) in [
        (r#""token":"t","basic":"a:b""#, "token or basic"),
        (r#""basic":":b""#, "basic: a user"),
        (r#""clientKey":"k.pem""#, "clientKey: clientCert is needed"),
        (r#""headers":{"Host":"other"}"#, "headers.Host"),
        (r#""headers":{"a b":"x"}"#, "headers: a name"),
        ("\"headers\":{\"X-A\":\"x\\r\\ny\"}", "headers.X-A"),
        (r#""ca":"""#, "ca: the path"),
    ] {
        let told = refused(&format!("{api},{rest}"));
        assert!(told.contains(words), "{rest}: {told}");
    }
    let told = refused(r#""api":"http://home.example:5001","clientCert":"device.pem""#);
    assert!(told.contains("clientCert: node home has plain http alone"), "{told}");
    assert!(is_accepted(r#""api":"http://127.0.0.1:5001","ca":"ca.pem","clientCert":"device.pem""#));
}

#[test]
fn debug_output_shows_no_secret() {
    let secret = r#""api":"https://h","token":"5ecre7","basic":{"user":"5ecre7","password":"5ecre7"},
        "headers":{"X-Key":"5ecre7"},"ca":"/5ecre7.pem","clientCert":"-----BEGIN 5ecre7","clientKey":"5ecre7",
        "proxy":"http://a:5ecre7@127.0.0.1:1""#;
    let node = node(secret);
    assert!(node.has_credentials());
    let told = format!("{node:?}");
    assert!(!told.contains("5ecre7") && told.contains("X-Key"), "{told}");
}
