//! A parsed template: gotmpl's syntax tree, with the checks that Go makes and gotmpl leaves for later.

use std::collections::{BTreeMap, HashSet};

use gotmpl::TemplateError;
use gotmpl::parse::{
    ActionNode, BranchNode, CommandNode, DefineNode, Expr, ListNode, Node, Parser, PipeNode, Pos, SmolStr,
};

use super::{GoTemplateError, functions, scan};

/// What a template says, by its bodies.
#[derive(Debug)]
pub(super) struct Tree {
    /// What is rendered: everything outside of `define`.
    pub(super) main: ListNode,
    /// The bodies of `define` and `block`, by name.
    pub(super) defined: BTreeMap<SmolStr, ListNode>,
}

impl Tree {
    /// # Errors
    /// [`GoTemplateError::Syntax`].
    pub(super) fn parse(text: &str) -> Result<Self, GoTemplateError> {
        let text = scan::prepare(text)?;
        let (mut main, defines) =
            Parser::new(&text, "{{", "}}").and_then(Parser::parse).map_err(syntax_error)?;
        drop_comments(&mut main);
        Names::check(&main)?;
        let mut defined = BTreeMap::<SmolStr, ListNode>::new();
        for DefineNode { pos, name, mut body } in defines {
            drop_comments(&mut body);
            Names::check(&body)?;
            let known = defined.get(&name);
            if known.is_some() && body.is_empty_tree() {
                continue;
            }
            // The main body is the one without a name.
            if name.is_empty() || known.is_some_and(|known| !known.is_empty_tree()) {
                let message = format!("multiple definition of template {name:?}");
                return Err(GoTemplateError::Syntax { line: pos.line, message });
            }
            defined.insert(name, body);
        }
        Ok(Self { main, defined })
    }

    /// The main body and all others.
    pub(super) fn bodies(&self) -> impl Iterator<Item = &ListNode> {
        std::iter::once(&self.main).chain(self.defined.values())
    }

    /// Adds `{{ .Response }}` at the end of the main body.
    pub(super) fn append_response(&mut self) {
        let pos = self.main.nodes.last().map_or(self.main.pos, position);
        self.main.nodes.push(action(pos, vec![Expr::Field(pos, vec!["Response".into()])]));
    }
}

fn syntax_error(error: TemplateError) -> GoTemplateError {
    match error {
        TemplateError::Lex { line, message, .. } | TemplateError::Parse { line, message, .. } => {
            GoTemplateError::Syntax { line: line.max(1), message }
        }
        other => GoTemplateError::Syntax { line: 1, message: other.to_string() },
    }
}

pub(super) fn empty_list(pos: Pos) -> ListNode {
    ListNode { pos, nodes: Vec::new() }
}

/// `{{ args… }}`
pub(super) fn action(pos: Pos, args: Vec<Expr>) -> Node {
    let commands = vec![CommandNode { pos, args }];
    Node::Action(ActionNode { pos, pipe: PipeNode { pos, decl: Vec::new(), commands, is_assign: false } })
}

/// Where a node begins.
pub(super) fn position(node: &Node) -> Pos {
    match node {
        Node::List(n) => n.pos,
        Node::Text(n) => n.pos,
        Node::Action(n) => n.pos,
        Node::If(n) | Node::Range(n) | Node::With(n) => n.pos,
        Node::Template(n) => n.pos,
        Node::Define(n) => n.pos,
        Node::Break(pos) | Node::Continue(pos) => *pos,
    }
}

/// The pipeline of a node that has one.
pub(super) fn pipeline(node: &Node) -> Option<&PipeNode> {
    match node {
        Node::Action(n) => Some(&n.pipe),
        Node::If(n) | Node::Range(n) | Node::With(n) => Some(&n.pipe),
        Node::Template(n) => n.pipe.as_ref(),
        Node::List(_) | Node::Text(_) | Node::Define(_) | Node::Break(_) | Node::Continue(_) => None,
    }
}

/// Calls `visit` with every expression of a pipeline, outer ones first.
pub(super) fn for_each_expr<'t>(pipe: &'t PipeNode, visit: &mut impl FnMut(&'t Expr)) {
    for expr in pipe.commands.iter().flat_map(|command| &command.args) {
        for_each_inner(expr, visit);
    }
}

fn for_each_inner<'t>(expr: &'t Expr, visit: &mut impl FnMut(&'t Expr)) {
    visit(expr);
    match expr {
        Expr::Pipe(_, pipe) => for_each_expr(pipe, visit),
        Expr::Chain(_, inner, _) => for_each_inner(inner, visit),
        _ => {}
    }
}

/// Takes out what [`scan::prepare`] put in the place of comments.
fn drop_comments(list: &mut ListNode) {
    list.nodes.retain(|node| !is_comment(node));
    for node in &mut list.nodes {
        if let Node::If(branch) | Node::Range(branch) | Node::With(branch) = node {
            drop_comments(&mut branch.body);
            branch.else_body.iter_mut().for_each(drop_comments);
        }
    }
}

/// `{{""}}`
fn is_comment(node: &Node) -> bool {
    let Node::Action(action) = node else { return false };
    match action.pipe.commands.as_slice() {
        [command] if action.pipe.decl.is_empty() => {
            matches!(command.args.as_slice(), [Expr::String(_, text)] if text.is_empty())
        }
        _ => false,
    }
}

/// Refuses names that nothing defines, with Go's scopes: a variable lives to the end of the block that
/// declares it.
#[derive(Default)]
struct Names {
    known: HashSet<SmolStr>,
    /// The same names in the order of their first declaration: what a block declares goes with it.
    declared: Vec<SmolStr>,
}

impl Names {
    fn check(body: &ListNode) -> Result<(), GoTemplateError> {
        let mut names = Self::default();
        names.declare(&"$".into());
        names.check_list(body)
    }

    fn check_list(&mut self, list: &ListNode) -> Result<(), GoTemplateError> {
        for node in &list.nodes {
            let outer = self.declared.len();
            if let Some(pipe) = pipeline(node) {
                self.check_pipe(pipe)?;
            }
            if let Node::If(branch) | Node::Range(branch) | Node::With(branch) = node {
                self.check_branch(branch)?;
                for name in self.declared.drain(outer..) {
                    self.known.remove(&name);
                }
            }
        }
        Ok(())
    }

    fn check_branch(&mut self, branch: &BranchNode) -> Result<(), GoTemplateError> {
        self.check_list(&branch.body)?;
        branch.else_body.as_ref().map_or(Ok(()), |list| self.check_list(list))
    }

    fn check_pipe(&mut self, pipe: &PipeNode) -> Result<(), GoTemplateError> {
        for name in &pipe.decl {
            if pipe.is_assign {
                self.check_variable(name, pipe.pos)?;
            } else {
                self.declare(name);
            }
        }
        let mut result = Ok(());
        for_each_expr(pipe, &mut |expr| {
            let checked = match expr {
                Expr::Variable(pos, name, _) => self.check_variable(name, *pos),
                Expr::Identifier(pos, name) if !functions::NAMES.contains(&name.as_str()) => {
                    let message = format!("function {name:?} not defined");
                    Err(GoTemplateError::Syntax { line: pos.line, message })
                }
                _ => Ok(()),
            };
            if result.is_ok() {
                result = checked;
            }
        });
        result
    }

    /// A name that is known stays known for as long as it was.
    fn declare(&mut self, name: &SmolStr) {
        if self.known.insert(name.clone()) {
            self.declared.push(name.clone());
        }
    }

    fn check_variable(&self, name: &SmolStr, pos: Pos) -> Result<(), GoTemplateError> {
        if self.known.contains(name) {
            return Ok(());
        }
        Err(GoTemplateError::Syntax { line: pos.line, message: format!("undefined variable {name:?}") })
    }
}
