//! Tests of the whole chain, most of them against [`reference`](super::reference).

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::reference::{changed, reference};
use super::*;
use crate::engine::backend::mock::MockVocabulary;
use crate::engine::protocol::{Dry, Mirostat};

/// A row of logits from a seed: normal noise or, for many equal ones, whole numbers; some ruled out.
fn row(seed: u64, vocab: usize, spread: f32, whole: bool) -> Vec<f32> {
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut unit = || unit_interval(&mut rng) as f32;
    let logits = (0..vocab).map(|_| {
        // The sum of twelve has variance 1, and is nearly normal.
        let noise: f32 = (0..12).map(|_| unit()).sum::<f32>() - 6.0;
        let peak = if unit() < 0.01 { 4.0 * spread } else { 0.0 };
        if unit() < 0.02 { f32::NEG_INFINITY } else { noise * spread + peak }
    });
    let mut logits: Vec<f32> = logits.map(|logit| if whole { logit.round() } else { logit }).collect();
    logits[0] = 0.0;
    logits
}

/// Every filter and penalty off.
fn plain() -> Sampling {
    Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, ..Sampling::default() }
}

fn sampler(options: &Sampling, random_seed: u64) -> Sampler {
    Sampler::new(options, &MockVocabulary::default(), random_seed)
}

/// Luck for a token in the middle of nowhere, with nothing excluded.
fn at(point: f64) -> Luck {
    Luck { point, excludes: false }
}

fn seeded(options: &Sampling, seed: u64) -> Sampler {
    sampler(&Sampling { seed: Some(seed), ..options.clone() }, 0)
}

/// The tokens that are left by the filters with their probabilities, or `None` if the row is drawn from as it is.
fn distribution(
    sampler: &Sampler,
    logits: &[f32],
    history: &[Token],
    excludes: bool,
) -> Option<Vec<(Token, f64)>> {
    let (mut edits, mut maxima, mut list) = (Edits::default(), Vec::new(), Shortlist::default());
    sampler.edit(&mut edits, logits, history, [&[], &[]]);
    let temperature = sampler.temperature.unwrap();
    if sampler.filters.keep_all() && !excludes && !temperature.is_dynamic() {
        return None;
    }
    sampler.filters.apply(&Row::new(logits, &edits.changes, None, &mut maxima), &mut list);
    if excludes {
        sampler.xtc.unwrap().apply(&mut list);
    }
    let (max, scale) = (list.max(), temperature.scale(&list));
    let weight = |c: &candidate::Candidate| f64::from(math::weight(c.logit(), max, scale));
    let total: f64 = list.candidates().iter().map(weight).sum();
    Some(list.candidates().iter().map(|c| (c.token(), weight(c) / total)).collect())
}

/// Whether `token` is what `point` falls on, give or take rounding.
fn falls_on(tokens: &[(Token, f64)], point: f64, token: Token) -> bool {
    let before: f64 = tokens.iter().take_while(|t| t.0 < token).map(|t| t.1).sum();
    let p = tokens.iter().find(|t| t.0 == token).map_or(0.0, |t| t.1);
    p > 0.0 && before - 1e-4 <= point && point <= before + p + 1e-4
}

/// Compares the distribution, and the tokens at some points of it, with the reference. Where rounding decides
/// which tokens stay, a few unlikely ones of a large vocabulary may differ.
fn check(options: &Sampling, logits: &[f32], history: &[Token], points: &[f64]) -> Result<(), TestCaseError> {
    let mut sampler = sampler(options, 0);
    // With XTC, what is left when it strikes; it is as good as off otherwise.
    let excludes = sampler.xtc.is_some();
    let expected = reference(options, logits, history);
    prop_assume!(!expected.ambiguous || logits.len() > 100_000);
    if let Some(found) = distribution(&sampler, logits, history, excludes) {
        prop_assert!(found.is_sorted_by_key(|t| t.0));
        let found: BTreeMap<Token, f64> = found.into_iter().collect();
        let expected_ps: BTreeMap<Token, f64> = expected.tokens.iter().copied().collect();
        let extra = found.iter().filter(|t| !expected_ps.contains_key(t.0));
        let missing = expected_ps.iter().filter(|t| !found.contains_key(t.0));
        let differing: f64 = extra.chain(missing).map(|t| t.1).sum();
        let allowed = if expected.ambiguous { 1e-4 } else { 0.0 };
        prop_assert!(differing <= allowed, "{} differ", differing);
        for (token, &p) in &found {
            let expected = expected_ps.get(token).copied().unwrap_or(p);
            prop_assert!((p - expected).abs() <= 2e-4 * expected + 1e-9, "{p} instead of {expected}");
        }
    }
    let mut scratch = Scratch::default();
    for &point in points {
        let token = sampler.choose(&mut scratch, logits, history, Luck { point, excludes }, None);
        prop_assert!(falls_on(&expected.tokens, point, token), "{} at {}", token, point);
    }
    Ok(())
}

prop_compose! {
    fn any_options()(
        temperature in 0.2..2.0_f32,
        top_k in prop_oneof![Just(0), 1..60_u32, 60..6000_u32],
        top_p in prop_oneof![Just(1.0_f32), 0.0..1.0_f32, 0.99..1.0_f32],
        min_p in prop_oneof![Just(0.0_f32), 0.0..0.3_f32, Just(1.0_f32)],
        typical_p in prop_oneof![2 => Just(1.0_f32), 1 => 0.0..1.0_f32],
        repeat_penalty in prop_oneof![Just(1.0_f32), 0.5..2.0_f32],
        presence_penalty in prop_oneof![Just(0.0_f32), -2.0..2.0_f32],
        frequency_penalty in prop_oneof![Just(0.0_f32), -2.0..2.0_f32],
        repeat_last_n in prop_oneof![Just(-1), Just(0), 1..100_i32],
        rare in any_rare_options(),
    ) -> Sampling {
        Sampling {
            temperature, top_k, top_p, min_p, typical_p, repeat_penalty, presence_penalty,
            frequency_penalty, repeat_last_n, ..rare
        }
    }
}

prop_compose! {
    fn any_rare_options()(
        top_n_sigma in prop_oneof![3 => Just(-1.0_f32), 1 => 0.1..5.0_f32],
        xtc_probability in prop_oneof![3 => Just(0.0_f32), 1 => 0.1..1.0_f32],
        xtc_threshold in 0.0..0.6_f32,
        dynatemp_range in prop_oneof![3 => Just(0.0_f32), 1 => 0.1..2.0_f32],
        dynatemp_exponent in 0.5..2.0_f32,
        logit_bias in prop_oneof![
            3 => Just(Vec::new()),
            1 => prop::collection::vec((0..1500_u32, -20.0..20.0_f32), 0..20),
        ],
    ) -> Sampling {
        Sampling {
            top_n_sigma, xtc_probability, xtc_threshold, dynatemp_range, dynatemp_exponent, logit_bias,
            ..Sampling::default()
        }
    }
}

prop_compose! {
    fn any_row()(
        seed: u64,
        vocab in prop_oneof![1..40_usize, 40..1000_usize, 1000..5000_usize],
        spread in prop_oneof![0.1..2.0_f32, 2.0..8.0_f32],
        whole: bool,
    ) -> Vec<f32> {
        row(seed, vocab, spread, whole)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, max_global_rejects: 4096, ..ProptestConfig::default() })]

    #[test]
    fn distributions_are_those_of_the_reference(
        options in any_options(),
        logits in any_row(),
        history in prop::collection::vec(0..1000_u32, 0..200),
        points in prop::collection::vec(0.0..1.0_f64, 4),
    ) {
        check(&options, &logits, &history, &points)?;
    }

    /// A mask is as good as a row in which what it hides is ruled out.
    #[test]
    fn masks_hide_tokens(
        options in any_options(),
        logits in any_row(),
        history in prop::collection::vec(0..1000_u32, 0..200),
        words in prop::collection::vec(prop_oneof![Just(0), Just(u32::MAX), any::<u32>()], 1..200),
        except: bool,
        points in prop::collection::vec(0.0..1.0_f64, 4),
        greedy: bool,
    ) {
        let set = |token: Token| words.get(token as usize / 32).is_some_and(|word| word >> (token % 32) & 1 == 1);
        let mask = if except {
            Mask::Except((0..logits.len() as Token).filter(|&token| !set(token)).collect())
        } else {
            Mask::Only(words.clone().into())
        };
        let hidden: Vec<f32> = (0..).zip(&logits).map(|(token, &x)| if set(token) { x } else { f32::NEG_INFINITY }).collect();
        let options = if greedy { Sampling { temperature: 0.0, ..options } } else { options };
        let sampler = sampler(&options, 0);
        let mut scratch = Scratch::default();
        for point in points {
            let token = sampler.clone().choose(&mut scratch, &logits, &history, at(point), Some(&mask));
            if hidden.iter().any(|&logit| logit > f32::NEG_INFINITY) {
                prop_assert_eq!(token, sampler.clone().choose(&mut scratch, &hidden, &history, at(point), None));
            } else {
                let first = (0..logits.len() as Token).find(|&token| set(token)).unwrap_or(0);
                prop_assert_eq!(token, first);
            }
        }
    }

    /// What is chosen is always allowed, and an end comes only where there is nothing else.
    #[test]
    fn masks_hold_whatever_the_options(
        options in any_options(),
        words in prop::collection::vec(prop_oneof![2 => Just(0), 1 => any::<u32>()], 9),
        seed: u64,
        (version, ignore_eos, excludes) in (0..3_u32, any::<bool>(), any::<bool>()),
        history in prop::collection::vec(0..258_u32, 0..100),
        greedy: bool,
    ) {
        let options = Sampling {
            temperature: if greedy { 0.0 } else { options.temperature },
            mirostat: Mirostat { version, ..Mirostat::default() },
            xtc_probability: if excludes { 1.0 } else { 0.0 },
            xtc_threshold: 0.0,
            dry: Dry { multiplier: 1e30, allowed_length: 0, penalty_last_n: -1, ..Dry::default() },
            min_tokens: 2,
            ignore_eos,
            seed: Some(seed),
            ..options
        };
        let logits = row(seed, 258, 3.0, false);
        let mask = Mask::Only(words.into());
        let allowed: Vec<Token> = (0..258).filter(|&token| mask.allows(token)).collect();
        prop_assume!(!allowed.is_empty());
        let others = allowed.iter().any(|&token| token != END && logits[token as usize] > f32::NEG_INFINITY);
        let (mut sampler, mut scratch) = (sampler(&options, 0), Scratch::default());
        for count in 0..4 {
            let token = sampler.sample(&mut scratch, &logits, &history, None, Some(&mask)).token;
            prop_assert!(allowed.contains(&token), "{} of {:?}", token, allowed);
            prop_assert!(token != END || !others || (count >= 2 && !ignore_eos));
        }
    }

    #[test]
    fn greedy_takes_the_likeliest(
        options in any_options(),
        logits in any_row(),
        history in prop::collection::vec(0..1000_u32, 0..200),
    ) {
        let logits = &logits;
        let changed = changed(&options, logits, &history);
        let max = changed.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let expected = changed.iter().position(|&logit| logit == max).unwrap() as Token;
        let mut sampler = sampler(&Sampling { temperature: 0.0, ..options }, 0);
        let choice = sampler.sample(&mut Scratch::default(), logits, &history, None, None);
        prop_assert_eq!(choice, Choice { token: expected, logprobs: None });
    }

    #[test]
    fn no_logits_are_too_odd(
        bits in prop::collection::vec(any::<u32>(), 0..300),
        special in prop::collection::vec(
            (0..300_usize, prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0])),
            0..300,
        ),
        options in any_options(),
        temperature in any::<f32>(),
        history in prop::collection::vec(any::<Token>(), 0..10),
    ) {
        let mut logits: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
        for (index, logit) in special {
            if let Some(place) = logits.get_mut(index) {
                *place = logit;
            }
        }
        let mut sampler = sampler(&Sampling { temperature, ..options.clone() }, 0);
        let choice = sampler.sample(&mut Scratch::default(), &logits, &history, Some(3), None);
        let changed = changed(&options, &logits, &history);
        if changed.iter().any(|&logit| logit > f32::NEG_INFINITY) {
            prop_assert!(changed[choice.token as usize] > f32::NEG_INFINITY);
        } else {
            prop_assert_eq!(choice.token, 0);
        }
        let chances = choice.logprobs.unwrap();
        prop_assert!(chances.top.iter().chain([&chances.chosen]).all(|chance| chance.logprob <= 0.0));
    }
}

#[test]
fn large_vocabularies_agree_with_the_reference() {
    let nucleus = Sampling { top_p: 0.9, ..plain() };
    let typical = Sampling { typical_p: 0.7, ..plain() };
    let penalised = Sampling { repeat_penalty: 1.3, frequency_penalty: 0.2, ..Sampling::default() };
    let cases = [
        (Sampling::default(), 2.5),
        (Sampling { repeat_last_n: -1, ..penalised.clone() }, 2.5),
        (Sampling { top_k: 0, ..penalised }, 4.0),
        (Sampling { top_k: 5000, ..nucleus.clone() }, 1.0),
        (Sampling { min_p: 0.02, ..plain() }, 3.0),
        (Sampling { min_p: 0.02, ..nucleus.clone() }, 3.0),
        (nucleus, 1.0),
        (Sampling { top_p: 0.8, ..typical.clone() }, 2.0),
        (Sampling { top_n_sigma: 2.0, ..plain() }, 2.0),
        (Sampling { xtc_probability: 0.5, xtc_threshold: 0.01, ..Sampling::default() }, 2.5),
        (Sampling { dynatemp_range: 0.5, top_n_sigma: 3.0, ..Sampling::default() }, 1.0),
        (Sampling { logit_bias: vec![(7, 9.0), (150_000, 12.0)], ..Sampling::default() }, 2.5),
        (typical, 1.0),
        (plain(), 2.0),
    ];
    let history: Vec<Token> = (0..3000).map(|i| i * i % 151_936).collect();
    let points: Vec<f64> = (0..20).map(|i| f64::from(i) / 20.0).collect();
    for (seed, (options, spread)) in (0..).zip(cases) {
        let logits = row(seed, 151_936, spread, false);
        check(&options, &logits, &history, &points).unwrap();
    }
}

/// Pearson's statistic of draws from a row, and the number of possible tokens.
fn chi_square(options: &Sampling, logits: &[f32], draws: u32) -> (f64, usize) {
    let expected = reference(options, logits, &[]).tokens;
    let mut sampler = seeded(options, 42);
    let mut scratch = Scratch::default();
    let mut counts = vec![0_u32; logits.len()];
    for _ in 0..draws {
        counts[sampler.sample(&mut scratch, logits, &[], None, None).token as usize] += 1;
    }
    assert_eq!(expected.iter().map(|t| counts[t.0 as usize]).sum::<u32>(), draws);
    let terms = expected.iter().map(|&(token, p)| {
        let mean = p * f64::from(draws);
        (f64::from(counts[token as usize]) - mean).powi(2) / mean
    });
    (terms.sum(), expected.len())
}

#[test]
fn draws_are_distributed_as_they_should() {
    let logits: Vec<f32> = (0..300).map(|i| ((i * 7919) % 300) as f32 / 100.0).collect();
    // Three standard deviations above the mean; the seed is fixed, so this holds or it does not.
    let limit = |tokens: usize| (tokens - 1) as f64 + 3.0 * (2.0 * (tokens - 1) as f64).sqrt();
    let cases = [
        (Sampling { temperature: 0.7, ..plain() }, 300),
        (Sampling { temperature: 1.5, top_k: 12, ..plain() }, 12),
        (Sampling { typical_p: 0.2, min_p: 0.5, ..plain() }, 0),
        (Sampling::default(), 0),
    ];
    for (options, tokens) in cases {
        let (statistic, found) = chi_square(&options, &logits, 20_000);
        assert!(tokens == 0 || tokens == found, "{found} tokens with {options:?}");
        assert!(statistic < limit(found), "{statistic} for {found} tokens with {options:?}");
    }
}

#[test]
fn ties_go_to_the_lowest_ids() {
    let mut logits = vec![1.0; 1000];
    logits[0] = 0.0;
    let mut greedy = sampler(&Sampling { temperature: 0.0, ..plain() }, 0);
    assert_eq!(greedy.sample(&mut Scratch::default(), &logits, &[], None, None).token, 1);
    let top_k = sampler(&Sampling { top_k: 3, ..plain() }, 0);
    let tokens = |sampler: &Sampler| -> Vec<Token> {
        distribution(sampler, &logits, &[], false).unwrap().into_iter().map(|t| t.0).collect()
    };
    assert_eq!(tokens(&top_k), [1, 2, 3]);
    let top_p = sampler(&Sampling { top_p: 0.0, ..plain() }, 0);
    assert_eq!(tokens(&top_p), [1]);
    let typical = sampler(&Sampling { typical_p: 0.0, ..plain() }, 0);
    assert_eq!(tokens(&typical), [1]);
    let min_p = sampler(&Sampling { min_p: 5.0, ..plain() }, 0);
    assert_eq!(tokens(&min_p).len(), 999);
}

#[test]
fn a_nucleus_reaches_its_sum_and_typical_tokens_exceed_it() {
    let left = |options: &Sampling| distribution(&sampler(options, 0), &[3.0; 4], &[], false).unwrap().len();
    assert_eq!(left(&Sampling { top_p: 0.5, ..plain() }), 2);
    assert_eq!(left(&Sampling { typical_p: 0.5, ..plain() }), 3);
    assert_eq!(left(&Sampling { top_k: 2, top_p: 0.5, ..plain() }), 1);
    assert_eq!(left(&Sampling { top_k: 2, typical_p: 0.5, ..plain() }), 2);
}

#[test]
fn more_than_the_vocabulary_keeps_all() {
    let logits = row(3, 50, 1.0, false);
    let possible = logits.iter().filter(|logit| logit.is_finite()).count();
    for top_k in [50, 51, 1_000_000, u32::MAX] {
        let sampler = sampler(&Sampling { top_k, ..plain() }, 0);
        assert_eq!(distribution(&sampler, &logits, &[], false).unwrap().len(), possible);
    }
}

#[test]
fn infinite_and_missing_logits() {
    let choose = |logits: &[f32], options: &Sampling| {
        let mut sampler = sampler(options, 0);
        [0.0, 0.5, 0.999].map(|point| sampler.choose(&mut Scratch::default(), logits, &[], at(point), None))
    };
    let none = [f32::NEG_INFINITY, f32::NAN, f32::NEG_INFINITY];
    let certain = [9.0, f32::NAN, f32::INFINITY, f32::MIN, 0.0];
    let two = [f32::INFINITY, 1e30, f32::INFINITY];
    let every_filter = Sampling { typical_p: 0.99, min_p: 0.01, ..Sampling::default() };
    let coldest = Sampling { temperature: f32::MIN_POSITIVE / 2.0, ..plain() };
    let hottest = Sampling { temperature: f32::INFINITY, ..plain() };
    for options in [&plain(), &Sampling::default(), &every_filter, &coldest, &hottest] {
        assert_eq!(choose(&none, options), [0; 3], "{options:?}");
        assert_eq!(choose(&[], options), [0; 3], "{options:?}");
        assert_eq!(choose(&[f32::NAN, 1.0], options), [1; 3], "{options:?}");
    }
    for options in [&plain(), &Sampling::default(), &every_filter, &coldest] {
        assert_eq!(choose(&certain, options), [2; 3], "{options:?}");
        assert_eq!(choose(&two, options), [0, 2, 2], "{options:?}");
    }
    let greedy = Sampling { temperature: 0.0, ..plain() };
    assert_eq!(choose(&none, &greedy), [0; 3]);
    assert_eq!(choose(&[], &greedy), [0; 3]);
    assert_eq!(choose(&certain, &greedy), [2; 3]);
}

#[test]
fn options_that_are_no_numbers_are_off() {
    let nan = Sampling { top_p: f32::NAN, min_p: f32::NAN, typical_p: f32::NAN, ..plain() };
    assert!(sampler(&nan, 0).filters.keep_all());
    assert!(sampler(&Sampling { temperature: f32::NAN, ..plain() }, 0).temperature.is_none());
}

#[test]
fn seeds_decide() {
    let logits = row(5, 2000, 1.0, false);
    let tokens = |options: &Sampling, random: u64| -> Vec<Token> {
        let mut sampler = sampler(options, random);
        let mut scratch = Scratch::default();
        (0..50).map(|_| sampler.sample(&mut scratch, &logits, &[], None, None).token).collect()
    };
    let fixed = Sampling { seed: Some(7), ..Sampling::default() };
    assert_eq!(tokens(&fixed, 1), tokens(&fixed, 2));
    let random = Sampling { seed: None, ..fixed };
    assert_eq!(tokens(&random, 1), tokens(&random, 1));
    assert_ne!(tokens(&random, 1), tokens(&random, 2));
}

#[test]
fn one_number_is_drawn_for_each_token() {
    let logits = row(5, 300, 1.0, false);
    let mut scratch = Scratch::default();
    for (options, draws) in [
        (plain(), 3),
        (Sampling::default(), 3),
        (Sampling { top_k: 1, ..plain() }, 3),
        (Sampling { temperature: 0.0, ..plain() }, 0),
        (Sampling { xtc_probability: 0.5, ..plain() }, 6),
        (Sampling { mirostat: Mirostat { version: 2, ..Mirostat::default() }, ..plain() }, 3),
    ] {
        let mut sampler = seeded(&options, 9);
        let mut rng = sampler.rng.clone();
        for _ in 0..3 {
            sampler.sample(&mut scratch, &logits, &[], Some(2), None);
        }
        for _ in 0..draws {
            rng.next_u64();
        }
        assert_eq!(sampler.rng, rng);
    }
}

#[test]
fn a_list_of_all_tokens_is_drawn_from_as_no_list() {
    let logits = row(8, 3000, 2.0, false);
    let mut row = seeded(&plain(), 4);
    let mut list = seeded(&Sampling { top_k: 3000, ..plain() }, 4);
    let mut scratch = Scratch::default();
    for _ in 0..500 {
        let choice = row.sample(&mut scratch, &logits, &[], None, None);
        assert_eq!(choice, list.sample(&mut scratch, &logits, &[], None, None));
    }
}

#[test]
fn noise_in_the_last_bit_changes_no_token() {
    let logits = row(8, 30_000, 2.0, false);
    let noisy: Vec<f32> = logits.iter().map(|&x| f32::from_bits(x.to_bits() ^ 1)).collect();
    for options in [plain(), Sampling { top_p: 0.95, ..plain() }, Sampling { typical_p: 0.9, ..plain() }] {
        let (mut one, mut other) = (seeded(&options, 4), seeded(&options, 4));
        let mut scratch = Scratch::default();
        for _ in 0..100 {
            let choice = one.sample(&mut scratch, &logits, &[], None, None);
            assert_eq!(choice, other.sample(&mut scratch, &noisy, &[], None, None));
        }
    }
}

#[test]
fn rows_are_sampled_as_if_alone() {
    let history: Vec<Token> = (0..100).collect();
    let variants = [
        Sampling::default(),
        plain(),
        Sampling { temperature: 0.0, ..plain() },
        Sampling { repeat_penalty: 1.2, top_p: 0.5, ..plain() },
    ];
    for (count, vocab) in [(0, 10), (1, 10), (7, 100), (1, 600_000), (2, 300_000), (13, 40_000)] {
        let logits: Vec<Vec<f32>> = (0..count).map(|seed| row(seed, vocab, 2.0, false)).collect();
        let options = variants.iter().cycle();
        let samplers: Vec<Sampler> = options.zip(0..count).map(|(o, seed)| seeded(o, seed)).collect();

        let mut scratch = Scratch::default();
        let alone = samplers.iter().cloned().zip(&logits);
        let alone: Vec<[Choice; 2]> = alone
            .map(|(mut s, row)| [(); 2].map(|()| s.sample(&mut scratch, row, &history, Some(1), None)))
            .collect();

        for threads in [1, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut samplers = samplers.clone();
            let mut workers = Vec::new();
            for step in 0..2 {
                let rows = samplers.iter_mut().zip(&logits);
                let mut jobs: Vec<Job<'_>> = rows
                    .map(|(sampler, logits)| Job {
                        sampler,
                        logits,
                        history: &history,
                        logprobs: Some(1),
                        mask: None,
                    })
                    .collect();
                let choices = pool.install(|| sample_rows(&mut workers, &mut jobs));
                assert!(choices.iter().eq(alone.iter().map(|choices| &choices[step])));
            }
        }
    }
}

#[test]
fn logprobs_are_the_model_s_own() {
    let logits = row(1, 200, 3.0, true);
    let options = Sampling { repeat_penalty: 1.5, temperature: 0.3, ..Sampling::default() };
    let history: Vec<Token> = (0..200).collect();
    let exact = reference(&plain(), &logits, &[]).tokens;
    let exact = |token: Token| exact.iter().find(|t| t.0 == token).unwrap().1.ln();
    let mut scratch = Scratch::default();
    for n in [0, 1, 5, 255] {
        let choice = seeded(&options, 1).sample(&mut scratch, &logits, &history, Some(n), None);
        let Chances { chosen, top } = choice.logprobs.unwrap();
        assert_eq!(chosen.token, choice.token);
        let possible = logits.iter().filter(|logit| logit.is_finite()).count();
        assert_eq!(top.len(), possible.min(usize::from(n)));
        for chance in top.iter().chain([&chosen]) {
            assert!((f64::from(chance.logprob) - exact(chance.token)).abs() < 1e-5);
        }
        let order = |a: &Chance, b: &Chance| (-a.logprob, a.token) < (-b.logprob, b.token);
        assert!(top.is_sorted_by(order));
        if n == 255 {
            let sum: f64 = top.iter().map(|chance| f64::from(chance.logprob).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-5);
            assert!(top.contains(&chosen));
        }
    }
}

#[test]
fn logprobs_of_what_the_model_rules_out() {
    let mut sampler = sampler(&plain(), 0);
    let mut chances = |logits: &[f32]| {
        sampler.sample(&mut Scratch::default(), logits, &[], Some(2), None).logprobs.unwrap()
    };
    let ruled_out = Chance { token: 0, logprob: f32::NEG_INFINITY };
    let none = Chances { chosen: ruled_out, top: Vec::new() };
    assert_eq!(chances(&[f32::NAN, f32::NEG_INFINITY]), none);
    assert_eq!(chances(&[]), none);
    let certain = Chance { token: 1, logprob: 0.0 };
    let rest = Chance { token: 0, logprob: chances(&[0.0, f32::INFINITY]).top[1].logprob };
    assert_eq!(chances(&[0.0, f32::INFINITY]), Chances { chosen: certain, top: vec![certain, rest] });
    assert!(rest.logprob < -1e30);
}

/// The id after the mock's bytes and its beginning.
const END: Token = 257;

fn ends_in(options: &Sampling, logits: &[f32], mask: Option<&Mask>, tokens: usize) -> Vec<Token> {
    let mut sampler = seeded(options, 3);
    let mut scratch = Scratch::default();
    (0..tokens).map(|_| sampler.sample(&mut scratch, logits, &[], None, mask).token).collect()
}

#[test]
fn barred_ends_do_not_come() {
    assert!(MockVocabulary::default().is_end(END));
    let mut logits = vec![0.0; 258];
    logits[END as usize] = 50.0;
    for base in [plain(), Sampling::default(), Sampling { temperature: 0.0, ..plain() }] {
        let mirostat = Mirostat { version: 1, ..Mirostat::default() };
        for base in [base.clone(), Sampling { mirostat, ..base }] {
            assert_eq!(ends_in(&base, &logits, None, 2), [END; 2]);
            let some = ends_in(&Sampling { min_tokens: 3, ..base.clone() }, &logits, None, 6);
            assert!(some[..3].iter().all(|&token| token != END), "{some:?}");
            assert_eq!(some[3..], [END; 3]);
            let never = Sampling { ignore_eos: true, ..base };
            assert!(!ends_in(&never, &logits, None, 20).contains(&END));
        }
    }
}

#[test]
fn an_end_comes_where_nothing_else_is_allowed() {
    let mut logits = vec![0.0; 258];
    let mut words = vec![0; 9];
    words[END as usize / 32] = 1 << (END % 32);
    let only_end = Mask::Only(words.clone().into());
    let no_others = Mask::Except((0..END).collect());
    let never = Sampling { ignore_eos: true, min_tokens: 9, ..plain() };
    for mask in [&only_end, &no_others] {
        assert_eq!(ends_in(&never, &logits, Some(mask), 3), [END; 3]);
    }
    words[0] = 1 << 7;
    let one_more = Mask::Only(words.into());
    logits[7] = -1e9;
    assert_eq!(ends_in(&never, &logits, Some(&one_more), 3), [7; 3]);
    // The model rules out all but the end.
    logits[7] = f32::NEG_INFINITY;
    assert_eq!(ends_in(&never, &logits, Some(&one_more), 3), [END; 3]);
    logits[END as usize] = f32::NEG_INFINITY;
    assert_eq!(ends_in(&never, &logits, Some(&one_more), 3), [7; 3], "what the mask allows");
}

#[test]
fn biases_come_first_then_penalties_then_dry() {
    let options = Sampling {
        logit_bias: vec![(0, 3.0)],
        repeat_penalty: 2.0,
        repeat_last_n: -1,
        dry: Dry { multiplier: 0.25, base: 2.0, allowed_length: 1, ..Dry::default() },
        ..plain()
    };
    let mut edits = Edits::default();
    // 0 1 2 0 1 2: next comes 0, which goes on with three repeated tokens.
    sampler(&options, 0).edit(&mut edits, &[1.0, -1.0, 6.0, 5.0], &[0, 1, 2, 0, 1, 2], [&[], &[]]);
    let found: Vec<(Token, f32)> = edits.changes.iter().map(|c| (c.token, c.logit)).collect();
    assert_eq!(found, [(0, (1.0 + 3.0) / 2.0 - 0.25 * 4.0), (1, -2.0), (2, 3.0)]);
}

#[test]
fn mirostat_takes_the_place_of_filters_and_penalties() {
    let logits = row(4, 500, 1.0, false);
    let mirostat = Mirostat { version: 2, tau: 3.0, eta: 0.2 };
    let alone = Sampling { mirostat: mirostat.clone(), temperature: 0.9, ..plain() };
    let with_all = Sampling {
        top_k: 1,
        typical_p: 0.1,
        top_n_sigma: 0.5,
        repeat_penalty: 9.0,
        xtc_probability: 1.0,
        dynatemp_range: 0.5,
        dry: Dry { multiplier: 9.0, allowed_length: 0, ..Dry::default() },
        ..alone.clone()
    };
    let tokens = |options: &Sampling| {
        let (mut sampler, mut scratch, mut history) = (seeded(options, 3), Scratch::default(), vec![1]);
        for _ in 0..50 {
            let token = sampler.sample(&mut scratch, &logits, &history, None, None).token;
            history.push(token);
        }
        history
    };
    assert_eq!(tokens(&with_all), tokens(&alone));
    let biased = Sampling { logit_bias: vec![(99, 60.0)], ..with_all };
    assert!(tokens(&biased)[1..].iter().all(|&token| token == 99), "but not of biases");
}

#[test]
fn xtc_strikes_as_often_as_it_should() {
    let options = Sampling { xtc_probability: 0.3, xtc_threshold: 0.2, ..plain() };
    let logits = [0.45_f32, 0.35, 0.2].map(|p| (p - 1e-4_f32).ln());
    let mut sampler = seeded(&options, 5);
    let mut scratch = Scratch::default();
    let draws = 20_000;
    let firsts =
        (0..draws).filter(|_| sampler.sample(&mut scratch, &logits, &[], None, None).token == 0).count();
    // It is excluded in three of ten cases.
    let (mean, share) = (f64::from(draws) * 0.7 * 0.45, 0.7 * 0.45);
    assert!((firsts as f64 - mean).abs() < 4.0 * (mean * (1.0 - share)).sqrt(), "{firsts} of {draws}");
}
