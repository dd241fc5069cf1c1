{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with usage as (

    select * from {{ ref('usage_by_person_daily') }}

),

final as (

    select
        local_date,
        site,
        department,
        count(distinct person_id) as people,
        cast(sum(messages) as bigint) as messages,
        cast(sum(file_transfers) as bigint) as file_transfers,
        cast(sum(internal) as bigint) as internal,
        cast(sum(external) as bigint) as external,
        cast(sum(deliveries) as bigint) as deliveries,
        cast(sum(characters) as bigint) as characters,
        sum(file_bytes) as file_bytes,
        min(first_sent_at) as first_sent_at,
        max(last_sent_at) as last_sent_at
    from usage
    group by local_date, site, department

)

select * from final
