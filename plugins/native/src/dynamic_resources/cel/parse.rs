//! From text to a tree.

use cel::common::ast::IdedExpr;
use cel::parser::Parser;

use super::failure::CompileError;
use super::nesting::is_too_deep;

/// How long an expression may be, in bytes. The API server takes 10 KiB.
const LONGEST: usize = 100_000;

/// Parses an expression.
pub(super) fn parse(expression: &str) -> Result<IdedExpr, CompileError> {
    if expression.len() > LONGEST {
        return Err(CompileError::Invalid(format!("the expression is longer than {LONGEST} bytes")));
    }
    if is_too_deep(expression) {
        return Err(CompileError::Invalid("the expression is nested too deep".into()));
    }
    let parser = Parser::new().enable_optional_syntax(true);
    parser.parse(expression).map_err(|errors| {
        let first = errors.to_string();
        CompileError::Invalid(first.lines().next().unwrap_or("syntax error").trim().to_string())
    })
}
