//! What a survey of a flake tells, against a real nix.

mod nix_fixture;

use std::sync::Arc;

use model::survey::Survey;
use nix_fixture::Project;

async fn survey(project: &Project) -> Survey {
    project.pool().await.survey(None, Arc::new(|_| ())).await.unwrap()
}

#[tokio::test]
async fn try_it() {
    let p = std::env::var("TRY").unwrap();
    let pool = edge::nix::pool::Evaluators::new(
        nix_fixture::nix().await,
        std::path::Path::new(&p),
        nix_fixture::limits(),
    );
    let t = std::time::Instant::now();
    let s = pool.survey(None, Arc::new(|p| eprintln!("{p:?}"))).await;
    eprintln!("{:?}", t.elapsed());
    println!("{s:#?}");
}
