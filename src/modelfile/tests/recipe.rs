//! From instructions to a request, without files.

use std::path::Path;

use serde_json::json;

use super::*;

fn recipe(text: &str) -> Result<Recipe, ModelfileError> {
    let base = PathBase { folder: Path::new("/nowhere"), home: None };
    parse(text.as_bytes()).unwrap().recipe(base)
}

fn refused_recipe(text: &str) -> String {
    recipe(text).unwrap_err().to_string()
}

#[test]
fn only_a_name() {
    assert_eq!(recipe("FROM a").unwrap(), Recipe { from: Some("a".to_owned()), ..Recipe::default() });
}

#[test]
fn the_last_counts_or_all_do() {
    let text = "FROM a\nFROM b\nSYSTEM a\nSYSTEM b\nTEMPLATE a\nTEMPLATE b\nRENDERER a\nRENDERER b\nPARSER a\nPARSER b\n\
                REQUIRES 1.0.0\nREQUIRES v0.14.1\nLICENSE a\nLICENSE b\nMESSAGE user a\nMESSAGE user b\n\
                PARAMETER temperature 1\nPARAMETER stop a\nPARAMETER temperature 0.25\nPARAMETER stop b";
    let two = |text: &str| Some(text.to_owned());
    let say = |text: &str| Message { role: "user".to_owned(), content: text.to_owned() };
    let expected = Recipe {
        from: two("b"),
        system: two("b"),
        template: two("b"),
        renderer: two("b"),
        parser: two("b"),
        requires: two("0.14.1"),
        licenses: vec!["a".to_owned(), "b".to_owned()],
        messages: vec![say("a"), say("b")],
        parameters: json!({"temperature": 0.25, "stop": ["a", "b"]}).as_object().unwrap().clone(),
        ..Recipe::default()
    };
    assert_eq!(recipe(text).unwrap(), expected);
}

#[test]
fn deprecated_parameters_are_skipped_with_a_warning() {
    let names = [
        "penalize_newline",
        "tfs_z",
        "numa",
        "low_vram",
        "use_mlock",
        "vocab_only",
        "f16_kv",
        "logits_all",
        "num_gqa",
        "rope_frequency_base",
        "rope_frequency_scale",
    ];
    for name in names {
        let recipe = recipe(&format!("FROM a\nPARAMETER {name} whatever\nPARAMETER top_k 3")).unwrap();
        assert_eq!(recipe.warnings, [format!("warning: parameter {name} is deprecated")]);
        assert_eq!(recipe.parameters.keys().collect::<Vec<_>>(), ["top_k"]);
    }
}

#[test]
fn wrong_parameters() {
    assert_eq!(refused_recipe("FROM a\nPARAMETER warmth 1"), "unknown parameter 'warmth'");
    assert_eq!(refused_recipe("FROM a\nPARAMETER top_k many"), "invalid int value [many]");
    assert_eq!(refused_recipe("FROM a\nPARAMETER top_p a b"), "invalid float value [a b]");
    assert_eq!(refused_recipe("FROM a\nPARAMETER use_mmap maybe"), "invalid bool value [maybe]");
}

#[test]
fn versions() {
    for text in ["0.14.0", "1", "1.2", "1.2.3-rc.1", "1.2.3+build", "10.20.30-a.b+c.d"] {
        for text in [text.to_owned(), format!("v{text}")] {
            assert_eq!(
                recipe(&format!("FROM a\nREQUIRES {text}")).unwrap().requires.unwrap(),
                text.trim_start_matches('v')
            );
        }
    }
    for text in [
        "", "v", "vv1", "latest", "1.2.3.4", "1.2-rc", "1.2+b.c", "1-rc", "01.2.3", "1.2.", ".1", "1.2.3-",
        "1.2.3-01", ">=1.2.3", "1.x",
    ] {
        assert_eq!(
            refused_recipe(&format!("FROM a\nREQUIRES {text}")),
            "requires must be a valid semver (e.g. 0.14.0)",
            "{text}"
        );
    }
}
