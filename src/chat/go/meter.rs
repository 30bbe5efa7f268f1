//! Rewrites a template, so that running it is watched and prints as Ollama's values print.
//!
//! gotmpl runs whatever it is given to the end, does not tell at which line something failed, and prints
//! every map alike. But functions may fail, know what they are called with, and decide what they return; so
//! calls are woven into the tree before it is run. Their names cannot be written in a template.
//!
//! ```text
//!   {{ .Tools }}                 {{ #at 1 3 }}{{ .Tools | #out }}
//!   {{ printf "%s" .Tools }}     {{ #at 1 5 }}{{ printf "%s" (#show .Tools) | #out }}
//!   {{ if eq .Role "user" }}     {{ #at 1 5 }}{{ if eq (#weigh .Role) "user" }}
//! ```

use gotmpl::parse::{
    ActionNode, BranchNode, CommandNode, Expr, ListNode, Node, Number, PipeNode, Pos, SmolStr, TemplateNode,
};

use super::functions::{AT, NIL, OUT, PRINTING, SHOW, WEIGH};
use super::tree::{action, empty_list, for_each_expr, pipeline, position};

/// The tree that is run in the place of `list`.
pub(super) fn metered(list: &ListNode) -> ListNode {
    let mut out = empty_list(list.pos);
    for node in &list.nodes {
        if !matches!(node, Node::Text(_)) {
            out.nodes.push(at(node));
        }
        out.nodes.push(match node {
            Node::Action(n) if n.pipe.decl.is_empty() => Node::Action(printing(n)),
            Node::Action(n) => Node::Action(ActionNode { pos: n.pos, pipe: pipe(&n.pipe) }),
            Node::If(n) => Node::If(branch(n)),
            Node::Range(n) => Node::Range(branch(n)),
            Node::With(n) => Node::With(branch(n)),
            Node::Template(n) => Node::Template(template(n)),
            other => other.clone(),
        });
    }
    out
}

/// `{{ #at line weight }}`: prints nothing. The weight is two for the node and one for each of its
/// expressions.
fn at(node: &Node) -> Node {
    let pos = position(node);
    let mut weight = 2;
    if let Some(pipe) = pipeline(node) {
        for_each_expr(pipe, &mut |_| weight += 1);
    }
    let number = |n: usize| Expr::Number(pos, Number::Int(i64::try_from(n).unwrap_or(i64::MAX)));
    action(pos, vec![Expr::Identifier(pos, AT.into()), number(pos.line), number(weight)])
}

fn printing(node: &ActionNode) -> ActionNode {
    let mut pipe = pipe(&node.pipe);
    pipe.commands.push(call(node.pos, OUT, None));
    ActionNode { pos: node.pos, pipe }
}

fn branch(node: &BranchNode) -> BranchNode {
    BranchNode {
        pos: node.pos,
        pipe: pipe(&node.pipe),
        body: metered(&node.body),
        else_body: node.else_body.as_ref().map(metered),
    }
}

/// A template that is given no value gets none; gotmpl would give it the caller's.
fn template(node: &TemplateNode) -> TemplateNode {
    let nothing = || PipeNode {
        pos: node.pos,
        decl: Vec::new(),
        commands: vec![call(node.pos, NIL, None)],
        is_assign: false,
    };
    let pipe = node.pipe.as_ref().map_or_else(nothing, pipe);
    TemplateNode { pos: node.pos, name: node.name.clone(), pipe: Some(pipe) }
}

fn call(pos: Pos, function: &str, argument: Option<Expr>) -> CommandNode {
    let function = Expr::Identifier(pos, function.into());
    CommandNode { pos, args: std::iter::once(function).chain(argument).collect() }
}

fn pipe(pipe: &PipeNode) -> PipeNode {
    let mut commands = Vec::with_capacity(pipe.commands.len());
    for (index, command) in pipe.commands.iter().enumerate() {
        let watch = command.args.first().and_then(watch);
        if let Some(watch) = watch.filter(|_| index > 0) {
            commands.push(call(command.pos, watch, None));
        }
        let args = command.args.iter().enumerate().map(|(index, arg)| {
            let inner = expr(arg);
            match watch {
                Some(watch) if index > 0 && !is_small(arg) => {
                    let commands = vec![call(arg.pos(), watch, Some(inner))];
                    let pipe = PipeNode { pos: arg.pos(), decl: Vec::new(), commands, is_assign: false };
                    Expr::Pipe(arg.pos(), pipe)
                }
                _ => inner,
            }
        });
        commands.push(CommandNode { pos: command.pos, args: args.collect() });
    }
    PipeNode { pos: pipe.pos, decl: pipe.decl.clone(), commands, is_assign: pipe.is_assign }
}

fn expr(expr: &Expr) -> Expr {
    match expr {
        Expr::Pipe(pos, inner) => Expr::Pipe(*pos, pipe(inner)),
        Expr::Chain(pos, inner, path) => Expr::Chain(*pos, Box::new(self::expr(inner)), path.clone()),
        other => other.clone(),
    }
}

/// What the arguments of a call go through, if the command with this `first` word is one that looks at them.
fn watch(first: &Expr) -> Option<&'static str> {
    let name: &SmolStr = match first {
        Expr::Identifier(_, name) => name,
        Expr::Chain(_, inner, _) => match inner.as_ref() {
            Expr::Identifier(_, name) => name,
            _ => return None,
        },
        _ => return None,
    };
    match name.as_str() {
        "and" | "or" | "not" => None,
        name if PRINTING.contains(&name) => Some(SHOW),
        _ => Some(WEIGH),
    }
}

/// What costs nothing to look at.
fn is_small(expr: &Expr) -> bool {
    match expr {
        Expr::String(_, text) => text.len() <= 64,
        Expr::Number(..) | Expr::Bool(..) | Expr::Nil(_) => true,
        _ => false,
    }
}
