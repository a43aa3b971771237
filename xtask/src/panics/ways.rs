//! Which ways through a function end in a panic.

use std::collections::BTreeSet;
use std::ops::Range;

use anyhow::{Context, Result};
use wasmparser::{FunctionBody, Operator};

/// The ways through a function.
#[derive(Default)]
pub struct Ways {
    /// What stands on the way to a panic and nowhere else: from the last
    /// branch or call to the end of the panic's call.
    pub cuts: Vec<Range<usize>>,
    /// Whether the function may also end otherwise, or never.
    pub other: bool,
    /// The blocks that the instruction stands in, from the outermost.
    blocks: Vec<Block>,
    /// Whether the instruction is ever come to.
    alive: bool,
}

struct Block {
    is_loop: bool,
    /// An `if` without an `else`.
    skippable: bool,
    /// Whether its begin and, by a branch, its end are ever come to.
    alive: bool,
    left: bool,
}

impl Ways {
    pub fn of(body: &FunctionBody<'_>, doomed: &BTreeSet<u32>) -> Result<Self> {
        let mut ways = Self {
            alive: true,
            ..Self::default()
        };
        ways.open(false, false);
        let mut operators = body.get_operators_reader()?;
        let mut straight = operators.original_position();
        while !operators.eof() {
            let operator = operators.read()?;
            let after = operators.original_position();
            match operator {
                Operator::Call { function_index } if doomed.contains(&function_index) => {
                    if ways.alive {
                        ways.cuts.push(straight..after);
                    }
                    ways.alive = false;
                }
                Operator::Call { .. } | Operator::CallIndirect { .. } => {}
                _ if !ways.branch(&operator)? => continue,
                _ => {}
            }
            straight = after;
        }
        Ok(ways)
    }

    /// Follows an instruction that is about the way itself; whether it is one.
    fn branch(&mut self, operator: &Operator<'_>) -> Result<bool> {
        match operator {
            Operator::Block { .. } => self.open(false, false),
            Operator::Loop { .. } => self.open(true, false),
            Operator::If { .. } => self.open(false, true),
            Operator::Else => {
                let block = self.blocks.last_mut().context("an else without an if")?;
                block.left |= self.alive;
                block.skippable = false;
                self.alive = block.alive;
            }
            Operator::End => {
                let block = self.blocks.pop().context("an end without a block")?;
                self.alive |= block.left || (block.skippable && block.alive);
                if self.blocks.is_empty() {
                    self.other |= self.alive;
                }
            }
            Operator::Br { relative_depth } => {
                self.leave(*relative_depth)?;
                self.alive = false;
            }
            Operator::BrIf { relative_depth } => self.leave(*relative_depth)?,
            Operator::BrTable { targets } => {
                for depth in targets.targets() {
                    self.leave(depth?)?;
                }
                self.leave(targets.default())?;
                self.alive = false;
            }
            Operator::Return
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::Unreachable => {
                self.other |= self.alive;
                self.alive = false;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn open(&mut self, is_loop: bool, skippable: bool) {
        self.blocks.push(Block {
            is_loop,
            skippable,
            alive: self.alive,
            left: false,
        });
    }

    fn leave(&mut self, depth: u32) -> Result<()> {
        let at = self.blocks.len().checked_sub(1 + depth as usize);
        let block = at.context("a branch out of the function")?;
        let block = &mut self.blocks[block];
        block.left |= self.alive;
        // What goes round may go round for ever.
        self.other |= self.alive && block.is_loop;
        Ok(())
    }
}
