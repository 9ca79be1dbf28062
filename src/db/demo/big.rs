use super::Demo;
use crate::error::Result;
use sqlx::PgConnection;
pub async fn write(_conn: &mut PgConnection, _demo: Demo, _progress: impl Fn(&str)) -> Result<()> {
    Ok(())
}
