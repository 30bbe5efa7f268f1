//! What is asked of a template besides a prompt: which values it uses, what it writes around tool calls and
//! thoughts, and where the answer begins.

use std::collections::BTreeSet;

use gotmpl::parse::{BranchNode, Expr, ListNode, Node, PipeNode, SmolStr};

use super::tree::{Tree, empty_list, for_each_expr, pipeline};

/// Every name that the template looks up, in lower case: `.Function.Name` gives `function` and `name`.
pub(super) fn names(tree: &Tree) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for body in tree.bodies() {
        for_each_pipe(body, &mut |pipe| {
            for_each_path(pipe, &mut |path| names.extend(path.iter().map(|name| name.to_lowercase())));
        });
    }
    names
}

/// What the template writes before the first tool call, up to the first `{`: the mark by which a call is
/// known in the model's answer. `{` if there is nothing else.
///
/// It is the first text inside of the first `if` that asks for `.ToolCalls`, as long as no action is before
/// it.
pub(super) fn tool_call_tag(tree: &Tree) -> String {
    let branch = branch_on_tool_calls(&tree.main);
    let text = branch.and_then(|branch| first_text(&branch.body)).unwrap_or_default();
    match text.split('{').next().map(str::trim) {
        None | Some("") => "{".into(),
        Some(tag) => tag.into(),
    }
}

fn branch_on_tool_calls(list: &ListNode) -> Option<&BranchNode> {
    list.nodes.iter().find_map(|node| match node {
        Node::If(branch) if has_path(&branch.pipe, |path| path.iter().any(|name| name == "ToolCalls")) => {
            Some(branch)
        }
        Node::If(branch) | Node::Range(branch) | Node::With(branch) => {
            bodies(branch).find_map(branch_on_tool_calls)
        }
        _ => None,
    })
}

fn first_text(list: &ListNode) -> Option<&str> {
    for node in &list.nodes {
        match node {
            Node::Text(text) if text.text.trim().is_empty() => {}
            Node::Text(text) => return Some(&text.text),
            Node::If(branch) | Node::Range(branch) | Node::With(branch) => {
                return bodies(branch).find_map(first_text);
            }
            Node::Action(_) => return None,
            _ => {}
        }
    }
    None
}

/// What the template writes around an assistant's thoughts, such as `<think>` and `</think>`.
///
/// They are the first and the last text of the list of nodes in which `.Thinking` of a message stands. Where
/// it stands several times, the last counts.
pub(super) fn thinking_tags(tree: &Tree) -> Option<(String, String)> {
    let mut tags = (String::new(), String::new());
    find_thinking(&tree.main, false, &mut tags);
    (!tags.0.is_empty() && !tags.1.is_empty()).then_some(tags)
}

fn find_thinking(list: &ListNode, in_messages: bool, tags: &mut (String, String)) {
    for node in &list.nodes {
        let over_messages = match node {
            Node::Range(branch) => has_field(&branch.pipe, "Messages"),
            _ => in_messages,
        };
        if over_messages && pipeline(node).is_some_and(|pipe| has_field(pipe, "Thinking")) {
            if let Some(Node::Text(first)) = list.nodes.first() {
                tags.0 = first.text.trim().into();
            }
            if let Some(Node::Text(last)) = list.nodes.last() {
                tags.1 = last.text.trim().into();
            }
        }
        if let Node::If(branch) | Node::Range(branch) | Node::With(branch) = node {
            bodies(branch).for_each(|body| find_thinking(body, over_messages, tags));
        }
    }
}

/// The template without what comes after `.Response`: the prompt for an answer that the model goes on with.
pub(super) fn until_response(list: &ListNode) -> ListNode {
    cut(list).0
}

/// The list up to `.Response`, and whether that was in it.
fn cut(list: &ListNode) -> (ListNode, bool) {
    let mut kept = empty_list(list.pos);
    for node in &list.nodes {
        let mut node = node.clone();
        let found = match &mut node {
            Node::Action(action) => has_path(&action.pipe, |path| path.iter().any(|name| name == "Response")),
            Node::If(branch) | Node::Range(branch) | Node::With(branch) => cut_branch(branch),
            _ => false,
        };
        kept.nodes.push(node);
        if found {
            return (kept, true);
        }
    }
    (kept, false)
}

/// Cuts either way through a branch by itself, as only one of them is gone.
fn cut_branch(branch: &mut BranchNode) -> bool {
    let (body, found) = cut(&branch.body);
    branch.body = body;
    let Some(other) = &branch.else_body else { return found };
    let (other, found_there) = cut(other);
    branch.else_body = Some(other);
    found || found_there
}

fn bodies(branch: &BranchNode) -> impl Iterator<Item = &ListNode> {
    std::iter::once(&branch.body).chain(&branch.else_body)
}

fn for_each_pipe<'t>(list: &'t ListNode, visit: &mut impl FnMut(&'t PipeNode)) {
    for node in &list.nodes {
        if let Some(pipe) = pipeline(node) {
            visit(pipe);
        }
        if let Node::If(branch) | Node::Range(branch) | Node::With(branch) = node {
            bodies(branch).for_each(|body| for_each_pipe(body, visit));
        }
    }
}

/// Calls `visit` with the names of every `.A.B`, `$x.A.B` and `(…).A.B`.
fn for_each_path<'t>(pipe: &'t PipeNode, visit: &mut impl FnMut(&'t [SmolStr])) {
    for_each_expr(pipe, &mut |expr| {
        if let Expr::Field(_, path) | Expr::Variable(_, _, path) | Expr::Chain(_, _, path) = expr {
            visit(path);
        }
    });
}

fn has_path(pipe: &PipeNode, is_it: impl Fn(&[SmolStr]) -> bool) -> bool {
    let mut found = false;
    for_each_path(pipe, &mut |path| found |= is_it(path));
    found
}

/// Whether a pipeline looks up `name` on the dot.
fn has_field(pipe: &PipeNode, name: &str) -> bool {
    let mut found = false;
    for_each_expr(pipe, &mut |expr| {
        found |= matches!(expr, Expr::Field(_, path) if path.first().is_some_and(|first| first == name));
    });
    found
}
