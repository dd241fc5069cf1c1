{{ config(severity='error', meta={'grain': 'local_date'}) }}

with domains as (

    select
        local_date,
        sum(deliveries) as deliveries
    from {{ ref('usage_by_domain_daily') }}
    group by local_date

),

pairs as (

    select
        local_date,
        sum(messages + file_transfers) as deliveries
    from {{ ref('usage_by_pair_daily') }}
    where destination = 'external'
    group by local_date

)

select
    coalesce(domains.local_date, pairs.local_date) as local_date,
    domains.deliveries as deliveries_of_domains,
    pairs.deliveries as deliveries_of_pairs
from domains
full outer join pairs on domains.local_date = pairs.local_date
where
    coalesce(domains.deliveries, 0) <> coalesce(pairs.deliveries, 0)
