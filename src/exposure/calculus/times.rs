//! Sets of instants, and what is surely and what is possibly in them.

/// Unix microseconds.
pub type Instant = u64;

/// Half-open intervals `[start, end)`, ascending, apart from each other, none of them empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TimeSet(Vec<(Instant, Instant)>);

impl TimeSet {
    pub fn empty() -> Self {
        TimeSet(Vec::new())
    }

    /// Empty where `end` is not after `start`.
    pub fn span(start: Instant, end: Instant) -> Self {
        TimeSet(if start < end { vec![(start, end)] } else { Vec::new() })
    }

    /// In any order, overlapping or not.
    pub fn of(mut spans: Vec<(Instant, Instant)>) -> Self {
        spans.retain(|(start, end)| start < end);
        spans.sort_unstable();
        let mut joined: Vec<(Instant, Instant)> = Vec::with_capacity(spans.len());
        for (start, end) in spans {
            match joined.last_mut() {
                Some((_, last)) if start <= *last => *last = (*last).max(end),
                _ => joined.push((start, end)),
            }
        }
        TimeSet(joined)
    }

    pub fn spans(&self) -> &[(Instant, Instant)] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Microseconds in the set.
    pub fn measure(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }

    pub fn contains(&self, at: Instant) -> bool {
        let next = self.0.partition_point(|(_, end)| *end <= at);
        self.0.get(next).is_some_and(|(start, _)| *start <= at)
    }

    /// Whether any instant of `[from, until]` is in the set; the claim of an act includes both its bounds.
    pub fn meets(&self, from: Instant, until: Instant) -> bool {
        let next = self.0.partition_point(|(_, end)| *end <= from);
        self.0.get(next).is_some_and(|(start, _)| *start <= until)
    }

    /// Whether every instant of `[from, until]` is in the set.
    pub fn covers(&self, from: Instant, until: Instant) -> bool {
        let next = self.0.partition_point(|(_, end)| *end <= from);
        self.0.get(next).is_some_and(|(start, end)| *start <= from && until < *end)
    }

    pub fn union(&self, other: &TimeSet) -> TimeSet {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other.clone(),
            (_, true) => self.clone(),
            _ => TimeSet::of(self.0.iter().chain(&other.0).copied().collect()),
        }
    }

    /// Of all of them, at once: one after the other would go over the same spans again and again.
    pub fn all<'a>(sets: impl IntoIterator<Item = &'a TimeSet>) -> TimeSet {
        TimeSet::of(sets.into_iter().flat_map(|set| &set.0).copied().collect())
    }

    /// What of it lies between these.
    pub fn within(&self, from: Instant, until: Instant) -> TimeSet {
        let first = self.0.partition_point(|(_, end)| *end <= from);
        let spans = self.0[first..].iter().take_while(|(start, _)| *start < until);
        TimeSet(spans.map(|(start, end)| (from.max(*start), until.min(*end))).collect())
    }

    pub fn intersect(&self, other: &TimeSet) -> TimeSet {
        let (mut left, mut right, mut found) = (0, 0, Vec::new());
        while let (Some((a, b)), Some((c, d))) = (self.0.get(left), other.0.get(right)) {
            let (start, end) = (*a.max(c), *b.min(d));
            if start < end {
                found.push((start, end));
            }
            if b < d { left += 1 } else { right += 1 }
        }
        TimeSet(found)
    }

    pub fn without(&self, other: &TimeSet) -> TimeSet {
        let mut left = Vec::new();
        let mut holes = other.0.iter().peekable();
        for (start, end) in &self.0 {
            let mut at = *start;
            while let Some((from, until)) = holes.peek() {
                if *until <= at {
                    holes.next();
                    continue;
                }
                if *from >= *end {
                    break;
                }
                if *from > at {
                    left.push((at, *from));
                }
                at = *until;
                if *until >= *end {
                    break;
                }
            }
            if at < *end {
                left.push((at, *end));
            }
        }
        TimeSet(left)
    }

    pub fn is_within(&self, other: &TimeSet) -> bool {
        self.without(other).is_empty()
    }
}

/// When something surely was, and when it possibly was. The first lies within the second.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Times {
    pub certain: TimeSet,
    pub possible: TimeSet,
}

impl Times {
    pub fn never() -> Self {
        Times::default()
    }

    pub fn exactly(set: TimeSet) -> Self {
        Times { certain: set.clone(), possible: set }
    }

    pub fn is_never(&self) -> bool {
        self.possible.is_empty()
    }

    pub fn union(&self, other: &Times) -> Times {
        Times { certain: self.certain.union(&other.certain), possible: self.possible.union(&other.possible) }
    }

    /// The union of all of them, at once.
    pub fn all<'a>(all: impl IntoIterator<Item = &'a Times> + Clone) -> Times {
        let certain = TimeSet::all(all.clone().into_iter().map(|times| &times.certain));
        Times { certain, possible: TimeSet::all(all.into_iter().map(|times| &times.possible)) }
    }

    pub fn intersect(&self, other: &Times) -> Times {
        Times { certain: self.certain.intersect(&other.certain), possible: self.possible.intersect(&other.possible) }
    }

    /// When this is and the other is not: surely, where the other possibly is not even.
    pub fn without(&self, other: &Times) -> Times {
        Times { certain: self.certain.without(&other.possible), possible: self.possible.without(&other.certain) }
    }

    /// The same as not being sure of it.
    pub fn only_possible(&self) -> Times {
        Times { certain: TimeSet::empty(), possible: self.possible.clone() }
    }
}
