use super::*;

#[test]
fn an_empty_tree_has_nothing() {
    let vars = facts(&Tree::default());
    assert!(!vars.found);
    assert_eq!(vars.vars, serde_json::json!({"vars": [], "hashes": [], "strays": []}));
}
