//! `recipe` (耗材): what one use of a service takes from the shelf, its bill of materials (PK2).

use serde::{Deserialize, Serialize};

/// Most materials of one service.
pub const MOST_ITEMS: usize = 8;
/// Most of one material in one use, pieces or grams.
const MOST_UNITS: i64 = 100_000;

/// What a material is counted in: goods by weight in grams, all others in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaterialUnit {
    Piece,
    Gram,
}

/// How a unit may be written; the first of each is how it is shown.
const UNITS: [(&str, MaterialUnit); 9] = [
    ("克", MaterialUnit::Gram),
    ("g", MaterialUnit::Gram),
    ("毫升", MaterialUnit::Gram),
    ("ml", MaterialUnit::Gram),
    ("个", MaterialUnit::Piece),
    ("件", MaterialUnit::Piece),
    ("条", MaterialUnit::Piece),
    ("张", MaterialUnit::Piece),
    ("", MaterialUnit::Piece),
];

impl MaterialUnit {
    /// A key of the texts.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Piece => "recipe.piece",
            Self::Gram => "recipe.gram",
        }
    }
}

/// Goods that a service takes, so many pieces or grams for each use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// 0 where only the name is known yet.
    #[serde(default)]
    pub product_id: i32,
    pub name: String,
    pub quantity: i64,
    pub unit: MaterialUnit,
}

/// The materials of a service, in one version: a use counts by the version that was in force when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    pub service_id: i32,
    /// 0 before there is one.
    pub version: i32,
    pub items: Vec<Material>,
}

impl Recipe {
    /// What stands in the way of saving it: a key of the texts.
    #[must_use]
    pub fn complaint(&self) -> Option<&'static str> {
        let twice = |(no, item): (usize, &Material)| {
            self.items
                .iter()
                .take(no)
                .any(|other| other.name == item.name)
        };
        self.items
            .iter()
            .enumerate()
            .any(twice)
            .then_some("recipe.twice")
    }
}

/// The material a line names: its goods by name or code, then how much: `染膏 60克`, `毛巾 1`. Millilitres count as grams.
///
/// # Errors
/// What is wrong: a key of the texts.
pub fn read(text: &str) -> Result<Material, &'static str> {
    let text = text.trim();
    let (name, amount) = text
        .rsplit_once([' ', '\u{3000}'])
        .ok_or("recipe.no_quantity")?;
    let name = name.trim();
    if name.is_empty() {
        return Err("recipe.no_goods");
    }
    let digits = amount.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = amount
        .split_at_checked(digits)
        .ok_or("recipe.no_quantity")?;
    let quantity: i64 = number.parse().map_err(|_wrong| "recipe.no_quantity")?;
    let known = UNITS.iter().find(|(written, _)| *written == unit);
    let (_, unit) = known.ok_or("recipe.no_unit")?;
    if !(1..=MOST_UNITS).contains(&quantity) {
        return Err("recipe.no_quantity");
    }
    Ok(Material {
        product_id: 0,
        name: name.to_owned(),
        quantity,
        unit: *unit,
    })
}

/// The line as [`read`] understands it.
#[must_use]
pub fn write(material: &Material) -> String {
    let unit = match material.unit {
        MaterialUnit::Gram => "克",
        MaterialUnit::Piece => "个",
    };
    format!("{} {}{unit}", material.name, material.quantity)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn material(name: &str, quantity: i64, unit: MaterialUnit) -> Material {
        Material {
            product_id: 0,
            name: name.to_owned(),
            quantity,
            unit,
        }
    }

    /// PK2: a line says what, how much and in which unit.
    #[test]
    fn a_line_names_goods_and_how_much() {
        for (typed, expected) in [
            ("染膏 60克", material("染膏", 60, MaterialUnit::Gram)),
            (
                " 双氧乳 9%  90ml ",
                material("双氧乳 9%", 90, MaterialUnit::Gram),
            ),
            ("毛巾 1", material("毛巾", 1, MaterialUnit::Piece)),
            ("手套\u{3000}2个", material("手套", 2, MaterialUnit::Piece)),
        ] {
            assert_eq!(read(typed), Ok(expected.clone()), "{typed}");
            assert_eq!(read(&write(&expected)), Ok(expected));
        }
        for (typed, wrong) in [
            ("", "recipe.no_quantity"),
            ("染膏", "recipe.no_quantity"),
            ("染膏 克", "recipe.no_quantity"),
            ("染膏 0克", "recipe.no_quantity"),
            ("染膏 -3", "recipe.no_quantity"),
            ("染膏 60斤", "recipe.no_unit"),
            ("染膏 100001克", "recipe.no_quantity"),
        ] {
            assert_eq!(read(typed), Err(wrong), "{typed}");
        }
    }

    #[test]
    fn no_material_twice() {
        let items = vec![
            material("染膏", 60, MaterialUnit::Gram),
            material("染膏", 30, MaterialUnit::Gram),
        ];
        let recipe = Recipe {
            service_id: 1,
            version: 0,
            items,
        };
        assert_eq!(recipe.complaint(), Some("recipe.twice"));
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,40}") {
            drop(read(&text));
        }
    }
}
