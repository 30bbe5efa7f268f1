//! Two stores on one folder at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;
use std::time::Duration;

use proptest::prelude::*;

use super::super::garbage::Ages;
use super::super::lease::protected;
use super::*;

const ANY_AGE: Ages = Ages { unused: Duration::ZERO, temporary: Duration::ZERO };

/// Few texts, so that the threads need the same blobs all the time.
const TEXTS: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Clone, Debug)]
enum Op {
    /// Makes a model, writing only what is not there: as a pull does.
    Make {
        model: usize,
        texts: Vec<usize>,
    },
    Copy {
        from: usize,
        to: usize,
    },
    Delete {
        model: usize,
    },
    Tidy,
}

fn op() -> impl Strategy<Value = Op> {
    let model = 0..3_usize;
    prop_oneof![
        4 => (model.clone(), proptest::collection::vec(0..TEXTS.len(), 0..3))
            .prop_map(|(model, texts)| Op::Make { model, texts }),
        1 => (model.clone(), model.clone()).prop_map(|(from, to)| Op::Copy { from, to }),
        3 => model.prop_map(|model| Op::Delete { model }),
        2 => Just(Op::Tidy),
    ]
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    proptest::collection::vec(op(), 1..32)
}

/// What one thread does, and what must be there after it: its own models, by name, with the texts of each.
struct Client {
    store: Store,
    id: usize,
    models: BTreeMap<usize, Vec<&'static str>>,
}

impl Client {
    fn name(&self, model: usize) -> Name {
        name(&format!("client{}/model{model}", self.id))
    }

    fn run(mut self, ops: &[Op]) -> Self {
        for op in ops {
            match op {
                Op::Make { model, texts } => self.make(*model, texts),
                Op::Copy { from, to } => {
                    let copied = self.store.copy(&self.name(*from), &self.name(*to));
                    assert_eq!(copied.is_ok(), self.models.contains_key(from));
                    if let Some(texts) = self.models.get(from) {
                        self.models.insert(*to, texts.clone());
                    }
                }
                Op::Delete { model } => {
                    let deleted = self.store.delete(&self.name(*model));
                    assert_eq!(deleted.is_ok(), self.models.remove(model).is_some());
                }
                Op::Tidy => {
                    self.store.tidy_older(ANY_AGE).unwrap();
                }
            }
            self.check();
        }
        self
    }

    fn make(&mut self, model: usize, texts: &[usize]) {
        let texts: Vec<_> = texts.iter().map(|&text| TEXTS[text]).collect();
        let lease = self.store.lease().unwrap();
        for text in texts.iter().chain(&["{}"]) {
            if !lease.have(&layer(MediaType::Model, text)).unwrap() {
                lease.put(text.as_bytes()).unwrap();
            }
        }
        let replaced = lease.write_manifest(&self.name(model), &manifest(&texts)).unwrap();
        assert_eq!(replaced.is_some(), self.models.contains_key(&model));
        if let Some(replaced) = replaced {
            self.store.remove_unused(&replaced).unwrap();
        }
        self.models.insert(model, texts);
    }

    /// All models are there, with all their blobs, whatever the other thread does.
    fn check(&self) {
        for (model, texts) in &self.models {
            let found = self.store.find(&self.name(*model)).unwrap();
            let read = found.manifest.layers().iter().map(|layer| self.store.read(layer).unwrap());
            let read: Vec<_> = read.map(|bytes| String::from_utf8(bytes).unwrap()).collect();
            assert_eq!(read, *texts);
            self.store.config(&found.manifest).unwrap();
        }
    }
}

/// What a collector counted on, at its start, is so until its end.
#[test]
fn while_blobs_are_removed_no_lease_and_no_model_comes_into_being() {
    let fixture = Fixture::new();
    let lease = fixture.store.lease().unwrap();
    lease.put(b"{}").unwrap();
    let collector = open(&fixture.path(""));
    let guard = collector.lock().unwrap();
    let start = Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            start.wait();
            lease.blob(&digest("x")).unwrap();
        });
        start.wait();
        for _ in 0..1000 {
            assert!(!protected(&guard).unwrap().contains(&digest("x")));
        }
        drop(guard);
    });
    let guard = collector.lock().unwrap();
    assert!(protected(&guard).unwrap().contains(&digest("x")));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            start.wait();
            lease.write_manifest(&name("m"), &manifest(&[])).unwrap();
        });
        start.wait();
        for _ in 0..1000 {
            assert!(collector.list().unwrap().is_empty());
        }
        drop(guard);
    });
    assert_eq!(collector.list().unwrap().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn two_stores_on_one_folder_agree(ops in [ops(), ops()]) {
        let fixture = Fixture::new();
        let start = Barrier::new(2);
        let clients: Vec<_> = std::thread::scope(|scope| {
            let threads = ops.iter().enumerate().map(|(id, ops)| {
                let client = Client { store: open(&fixture.path("")), id, models: BTreeMap::new() };
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    client.run(ops)
                })
            });
            threads.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).collect()
        });

        clients.iter().for_each(Client::check);
        let models: usize = clients.iter().map(|client| client.models.len()).sum();
        prop_assert_eq!(fixture.store.list().unwrap().len(), models);
        // What is needed is there, and nothing else once it is tidied up.
        fixture.store.tidy_older(ANY_AGE).unwrap();
        let texts = clients.iter().flat_map(|client| client.models.values().flatten().copied());
        let config = (models > 0).then_some("{}");
        let needed: BTreeSet<_> = texts.chain(config).map(blob_file).collect();
        prop_assert_eq!(fixture.blobs(), needed.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(file_names(&fixture.path(".quipu/leases")), Vec::<String>::new());
    }
}
