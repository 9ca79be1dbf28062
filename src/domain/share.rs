//! `share`: an amount over lines in proportion to what they cost (PR5).

use super::money::Fen;

/// Parts of `amount`, one for each of `nets`: in proportion, floor per line, the remainder to the last line that has
/// room for it. No part is larger than its net, none is negative, and their sum is the smaller of `amount` and the sum of
/// the nets.
#[must_use]
pub fn share(amount: Fen, nets: &[Fen]) -> Vec<Fen> {
    let all: Fen = nets.iter().map(|net| net.max_zero()).sum();
    let amount = amount.max_zero().min(all);
    let mut parts: Vec<Fen> = nets
        .iter()
        .map(|net| net.max_zero().ratio(amount.0, all.0))
        .collect();
    let mut rest = amount - parts.iter().copied().sum();
    for (part, net) in parts.iter_mut().zip(nets).rev() {
        let more = rest.min(net.max_zero() - *part);
        *part += more;
        rest -= more;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_line_takes_the_remainder() {
        let nets = [Fen(1_000), Fen(1_000), Fen(1_000)];
        assert_eq!(share(Fen(100), &nets), [Fen(33), Fen(33), Fen(34)]);
        assert_eq!(
            share(Fen(100), &[Fen(1_000), Fen(2_000), Fen(0)]),
            [Fen(33), Fen(67), Fen(0)]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost(amount in -10_i64..5_000_000, nets in prop::collection::vec(0_i64..1_000_000, 0..30)) {
            let nets: Vec<Fen> = nets.into_iter().map(Fen).collect();
            let parts = share(Fen(amount), &nets);
            let all: Fen = nets.iter().copied().sum();
            prop_assert_eq!(parts.iter().copied().sum::<Fen>(), Fen(amount.max(0)).min(all));
            for (part, net) in parts.iter().zip(&nets) {
                prop_assert!(part.0 >= 0 && part <= net);
            }
        }
    }
}
