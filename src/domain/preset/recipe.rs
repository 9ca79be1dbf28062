//! `PresetRecipe`: what a service of a preset takes from the shelf, by names (PK2).

use serde::Deserialize;

use super::{Kind, Preset, Unit};
use crate::domain::recipe::{self, MaterialUnit, Recipe};

/// The materials of some services that take the same, in lines such as `染膏 60克`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetRecipe {
    pub services: Vec<String>,
    pub items: Vec<String>,
}

impl Preset {
    /// What its services take, numbered as [`Self::items`] counts, from one. What names nothing of the preset is left out,
    /// and a test keeps the shipped ones whole.
    #[must_use]
    pub fn recipes(&self) -> Vec<Recipe> {
        let find = |name: &str| {
            let numbered = (1..).zip(self.items());
            let mut named = numbered.filter(|(_, (_, item))| item.name == name);
            named.next()
        };
        let material = |line: &String| {
            let mut material = recipe::read(line).ok()?;
            let (id, (category, item)) = find(&material.name)?;
            let unit = match item.unit {
                Unit::Piece => MaterialUnit::Piece,
                Unit::Kg => MaterialUnit::Gram,
            };
            material.product_id = id;
            (category.kind == Kind::Goods && unit == material.unit).then_some(material)
        };
        let named = self.recipes.iter().flat_map(|it| {
            let services = it.services.iter();
            services.filter_map(|name| Some((find(name)?, &it.items)))
        });
        named
            .filter(|((_, (category, _)), _)| category.kind == Kind::Services)
            .map(|((service_id, _), items)| Recipe {
                service_id,
                version: 1,
                items: items.iter().filter_map(material).collect(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::all;

    /// Nothing of a shipped recipe is left out.
    #[test]
    fn recipes_are_whole() {
        let mut count = 0;
        for (id, preset) in all() {
            let wanted: usize = preset.recipes.iter().map(|it| it.services.len()).sum();
            let recipes = preset.recipes();
            assert_eq!(recipes.len(), wanted, "{id}");
            let lines = preset
                .recipes
                .iter()
                .map(|it| it.services.len() * it.items.len());
            let items = recipes.iter().map(|it| it.items.len());
            assert_eq!(items.sum::<usize>(), lines.sum::<usize>(), "{id}");
            assert!(
                recipes
                    .iter()
                    .all(|it| it.complaint().is_none() && !it.items.is_empty())
            );
            count += wanted;
        }
        assert!(count >= 8, "{count}");
    }
}
