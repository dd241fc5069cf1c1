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
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(internal) as internal,
        sum(external) as external,
        sum(deliveries) as deliveries,
        sum(characters) as characters,
        sum(file_bytes) as file_bytes,
        min(first_sent_at) as first_sent_at,
        max(last_sent_at) as last_sent_at
    from usage
    group by local_date, site, department

)

select * from final
