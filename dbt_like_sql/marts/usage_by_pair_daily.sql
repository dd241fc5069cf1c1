{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with deliveries as (

    select * from {{ ref('int_deliveries_summed') }}

),

final as (

    select
        local_date,
        person_id,
        sender,
        site,
        recipient_person_id,
        recipient,
        recipient_site,
        destination,
        cast(sum(messages) as bigint) as messages,
        cast(sum(file_transfers) as bigint) as file_transfers,
        cast(sum(characters) as bigint) as characters,
        cast(sum(body_bytes) as decimal(30, 0)) * cast(0.001 as decimal(4, 3)) as kilobytes,
        cast(sum(billed_file_bytes) as decimal(30, 0)) * cast(0.000001 as decimal(7, 6))
            as file_megabytes,
        count(distinct conversation) as conversations,
        min(first_sent_at) as first_sent_at,
        max(last_sent_at) as last_sent_at
    from deliveries
    group by
        local_date,
        person_id,
        sender,
        site,
        recipient_person_id,
        recipient,
        recipient_site,
        destination

)

select * from final
