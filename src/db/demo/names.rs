//! Names as a Chinese shop meets them: common, rare and two-character surnames, long names.

use super::dice::Dice;
use crate::domain::member::Gender;

/// Surnames by frequency, per ten thousand of this table (after the household register's ranking).
const SURNAMES: &[(i64, &str)] = &[
    (715, "王"),
    (719, "李"),
    (679, "张"),
    (540, "刘"),
    (453, "陈"),
    (308, "杨"),
    (217, "赵"),
    (213, "黄"),
    (206, "周"),
    (195, "吴"),
    (168, "徐"),
    (155, "孙"),
    (145, "胡"),
    (131, "朱"),
    (128, "高"),
    (125, "林"),
    (121, "何"),
    (117, "郭"),
    (115, "马"),
    (110, "罗"),
    (95, "梁"),
    (91, "宋"),
    (84, "郑"),
    (83, "谢"),
    (82, "韩"),
    (80, "唐"),
    (76, "冯"),
    (75, "于"),
    (74, "董"),
    (67, "萧"),
    (66, "程"),
    (64, "曹"),
    (63, "袁"),
    (61, "邓"),
    (60, "许"),
    (58, "傅"),
    (57, "沈"),
    (55, "曾"),
    (54, "彭"),
    (52, "吕"),
    (46, "苏"),
    (45, "卢"),
    (44, "蒋"),
    (43, "蔡"),
    (42, "贾"),
    (41, "丁"),
    (40, "魏"),
    (39, "薛"),
    (38, "叶"),
    (37, "阎"),
    (25, "单"),
    (25, "解"),
    (20, "查"),
    (20, "仇"),
    (40, "欧阳"),
    (25, "上官"),
    (20, "司马"),
    (20, "诸葛"),
    (18, "尉迟"),
    (15, "令狐"),
    (12, "慕容"),
    (8, "万俟"),
    (10, "逄"),
    (10, "亓"),
    (8, "仉"),
    (8, "乜"),
    (8, "贠"),
];

const HERS: &[&str] = &[
    "晓敏", "雨桐", "欣怡", "婷", "丽娟", "静", "芳", "诗涵", "梦瑶", "秀英", "玉兰", "思雨",
    "佳怡", "雪", "慧", "若曦", "春梅", "晓燕", "子涵", "语嫣", "美玲", "红", "淑芬", "可馨",
    "一诺", "萍", "海燕", "文静", "嘉懿", "安琪", "冰", "瑾瑜",
];

const HIS: &[&str] = &[
    "晓明", "浩然", "建国", "志强", "伟", "磊", "俊杰", "宇轩", "子豪", "军", "海涛", "文博", "强",
    "一鸣", "天佑", "明哲", "国栋", "鹏", "思远", "泽宇", "斌", "家豪", "金龙", "嘉树", "旭东",
    "毅", "承恩", "振华", "博文", "锐", "皓轩", "炜彤",
];

/// Longer than a column: they must fit or be cut well.
const LONG: &[(Gender, &str)] = &[
    (Gender::Female, "阿依古丽·买买提江"),
    (Gender::Female, "古丽米热·阿卜杜热合曼"),
    (Gender::Male, "买买提·吐尔逊"),
    (Gender::Male, "扎西多吉"),
    (Gender::Female, "其其格"),
    (Gender::Female, "欧阳青青子衿"),
];

/// A name and a gender.
pub fn name(dice: &mut Dice) -> (String, Gender) {
    if dice.chance(2)
        && let Some((gender, long)) = dice.pick(LONG)
    {
        return (long.to_owned(), gender);
    }
    let gender = if dice.chance(66) {
        Gender::Female
    } else {
        Gender::Male
    };
    let given = dice.pick(if gender == Gender::Female { HERS } else { HIS });
    let surname = dice.weigh(SURNAMES).unwrap_or("王");
    (format!("{surname}{}", given.unwrap_or("敏")), gender)
}
